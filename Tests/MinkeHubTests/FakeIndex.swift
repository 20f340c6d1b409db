import Foundation
import MinkeHub

/// A package index on this machine: a `python3` whose pip hands out archives made here, or fails in the
/// way that is asked for. Everything else is run by the real interpreter.
struct FakeIndex {
  enum Mode: String {
    /// Hands out the archive.
    case works
    /// Writes a little for ever.
    case slow
    /// Writes a little, then nothing.
    case stalls
    /// Fails with the text in `PIP_SAYS`.
    case fails
  }

  let folder: TemporaryDirectory
  let store: Store
  /// Names of what a slow or stalled pip wrote its process identifier to.
  var processFile: String { folder.path + "/pid" }
  var callsFile: String { folder.path + "/calls" }

  init() throws {
    folder = try TemporaryDirectory()
    store = Store(root: folder.path + "/home")
    try FileManager.default.createDirectory(
      atPath: folder.path + "/archives", withIntermediateDirectories: true)
  }

  /// What the store holds, relative.
  var kept: [String] { folder.contents(of: "home") }
  /// How often pip was called.
  var calls: Int {
    let text = (try? String(contentsOfFile: callsFile, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").count
  }
  /// The process identifier of a slow pip, once it runs.
  var process: Int32? {
    (try? String(contentsOfFile: processFile, encoding: .utf8)).flatMap {
      Int32($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  func hub(
    _ mode: Mode, says: String = "", patience: Duration = .seconds(60), entries: [Catalogue.Entry] = []
  ) -> Hub {
    var environment = ProcessInfo.processInfo.environment
    environment["FAKE_MODE"] = mode.rawValue
    environment["FAKE_FOLDER"] = folder.path
    environment["PIP_SAYS"] = says
    return Hub(
      store: store, catalogue: Catalogue(entries: entries),
      source: PackageIndexSource(
        python: Self.python, environment: environment, interval: .milliseconds(10),
        patience: patience))
  }

  /// Makes a package for each part of a file; its bytes are `parts` joined.
  func offer(_ parts: [String], name: String = "tiny", digest: String? = nil) throws -> Catalogue.Entry {
    let whole = try folder.write(parts.joined(), to: "whole-" + name)
    let pinned = try digest.map { text throws(HubError) in try SHA256Digest(hex: text) }
    let file = Manifest.File(
      name: name + ".gguf", digest: try pinned ?? SHA256Digest(ofFile: whole),
      size: parts.joined().utf8.count)
    let members = try parts.enumerated().map { index, text in
      let package = "\(name)-part\(index)"
      let source = try folder.write(text, to: "member")
      let archive = folder.path + "/archives/\(package).whl"
      try Self.run(
        "/usr/bin/env",
        [
          "python3", "-c",
          "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED).write(sys.argv[2], 'data/part')",
          archive, source,
        ])
      return PackageFile.Part(
        package: package, version: "1.0", form: .wheel,
        archiveDigest: try SHA256Digest(ofFile: archive),
        archiveSize: try Data(contentsOf: URL(fileURLWithPath: archive)).count, member: "data/part")
    }
    return Catalogue.Entry(
      name: try ModelName(name: name, tag: "test"), title: "A tiny file", license: "MIT",
      architecture: "llama", quantization: "F32", source: .packages(PackageFile(file: file, parts: members)),
      size: file.size)
  }

  private static func run(_ path: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    try process.run()
    process.waitUntilExit()
  }

  /// The stand-in's path, the same for every run: a file that was just written cannot be run while another thread forks.
  private static let python: String = {
    let path = NSTemporaryDirectory() + "minke-fake-index-\(getuid())"
    let data = Data(script.utf8)
    if FileManager.default.contents(atPath: path) != data {
      try? data.write(to: URL(fileURLWithPath: path), options: .atomic)
      try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }
    return path
  }()

  private static let script = #"""
    #!/bin/sh
    [ "$3" = "download" ] || exec python3 "$@"
    echo call >> "$FAKE_FOLDER/calls"
    while [ $# -gt 0 ]; do
      case "$1" in
        --dest) dest="$2" ;;
        -r) requirements="$2" ;;
      esac
      shift
    done
    package=$(sed 's/==.*//' "$requirements")
    case "$FAKE_MODE" in
      works)
        cp "$FAKE_FOLDER/archives/$package.whl" "$dest/$package-1.0-py3-none-any.whl" ;;
      slow|stalls)
        echo some >> "$TMPDIR/archive.whl"
        echo $$ > "$FAKE_FOLDER/pid.new"; mv "$FAKE_FOLDER/pid.new" "$FAKE_FOLDER/pid"
        while sleep 0.02; do
          [ "$FAKE_MODE" = stalls ] || echo more >> "$TMPDIR/archive.whl"
        done ;;
      fails)
        printf '%s\n' "$PIP_SAYS" >&2
        exit 1 ;;
    esac
    """#
}
