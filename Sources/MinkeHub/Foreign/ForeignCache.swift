internal import Foundation

/// The models that another program on this machine has fetched, used where they lie and never written.
///
/// What is in such a folder is input from outside: digests become file names only through ``SHA256Digest``, and a link is
/// followed only to what lies in the same folder.
package struct ForeignCache: Equatable, Sendable {
  package enum Program: String, CaseIterable, Sendable {
    case ollama
    case lmStudio = "lmstudio"
    case huggingFace = "huggingface"

    /// As people write it.
    package var title: String {
      switch self {
      case .ollama: "Ollama"
      case .lmStudio: "LM Studio"
      case .huggingFace: "the Hugging Face cache"
      }
    }
  }

  /// A model there.
  package struct Model: Equatable, Sendable {
    package var program: Program
    /// The name there: `qwen3:4b`, or `owner/repository/file`.
    package var name: String
    /// The file to open.
    package var path: String
    /// Bytes of all its files.
    package var size: Int
    /// The SHA-256 that the program states of the file, where it is one file.
    package var digest: SHA256Digest?
    /// Where it came from, as a place on a hub.
    package var repository: String?
    package var quantization: Quantization?

    /// As it is given to a command.
    package var reference: String { program.rawValue + ":" + name }
  }

  package var program: Program
  package var root: String

  package init(program: Program, root: String) {
    (self.program, self.root) = (program, root)
  }

  /// More than any person has; a folder with more is not walked to its end.
  static let fileLimit = 20_000

  /// Reads `ollama:qwen3:4b`.
  package static func reference(_ text: String) -> (program: Program, name: String)? {
    for program in Program.allCases where text.lowercased().hasPrefix(program.rawValue + ":") {
      let name = String(text.dropFirst(program.rawValue.utf8.count + 1))
      guard !name.isEmpty, name.utf8.count <= 400 else { return nil }
      return (program, name)
    }
    return nil
  }

  /// The folders of this machine's programs that are there, in the order in which they are looked into.
  package static func all(environment: [String: String]) -> [ForeignCache] {
    func value(_ key: String) -> String? { environment[key].flatMap { $0.isEmpty ? nil : $0 } }
    let home = value("HOME")
    func below(_ path: String) -> String? { home.map { $0 + "/" + path } }
    var found: [ForeignCache] = []
    func add(_ program: Program, _ roots: [String?]) {
      for case let root? in roots where FileSystem.exists(root) {
        found.append(ForeignCache(program: program, root: root))
      }
    }
    add(
      .ollama,
      value("OLLAMA_MODELS").map { [$0] } ?? [below(".ollama/models"), "/usr/share/ollama/.ollama/models"])
    add(.lmStudio, [below(".lmstudio/models"), below(".cache/lm-studio/models")])
    let hub =
      value("HF_HUB_CACHE") ?? value("HF_HOME").map { $0 + "/hub" }
      ?? value("XDG_CACHE_HOME").map { $0 + "/huggingface/hub" } ?? below(".cache/huggingface/hub")
    add(.huggingFace, [hub])
    return found
  }

  /// Its models, sorted by name. What cannot be read or is not as the program writes it is passed over.
  package func models() -> [Model] {
    guard let root = FileSystem.resolved(root) else { return [] }
    let found: [Model] =
      switch program {
      case .ollama: OllamaCache(root: root).models()
      case .lmStudio: FolderCache(root: root, program: program).models()
      case .huggingFace: HuggingFaceCache(root: root).models()
      }
    return found.sorted { $0.name < $1.name }
  }

  /// A path without its links, if what it leads to is a plain file in a folder.
  static func confined(_ path: String, to root: String) -> String? {
    guard let real = FileSystem.resolved(path), real.hasPrefix(root + "/"),
      FileSystem.size(ofFile: real) != nil
    else {
      return nil
    }
    return real
  }
}
