internal import Foundation
internal import MinkeCheckpoints

/// A folder of GGUF files: LM Studio's `<owner>/<repository>/<file>.gguf`.
struct FolderCache {
  /// Without links.
  let root: String
  let program: ForeignCache.Program

  func models() -> [ForeignCache.Model] {
    var found: [ForeignCache.Model] = []
    for owner in names("") {
      for repository in names(owner) {
        let folder = owner + "/" + repository
        found += Self.models(
          in: root + "/" + folder, confinedTo: root, program: program, prefix: folder + "/", repository: nil)
        guard found.count <= ForeignCache.fileLimit else { return found }
      }
    }
    return found
  }

  private func names(_ folder: String) -> [String] {
    FileSystem.names(inDirectory: root + (folder.isEmpty ? "" : "/" + folder)).filter { FileName.isPlain($0) }
  }

  /// The GGUF models of one folder. Of a split one the first part is given if all are there.
  static func models(
    in folder: String, confinedTo root: String, program: ForeignCache.Program, prefix: String,
    repository: String?
  ) -> [ForeignCache.Model] {
    let listed = FileSystem.names(inDirectory: folder).compactMap { name -> ListedFile? in
      guard FileName.isPlain(name), name.lowercased().hasSuffix(".gguf"),
        let real = ForeignCache.confined(folder + "/" + name, to: root),
        let size = FileSystem.size(ofFile: real)
      else { return nil }
      return ListedFile(path: [name], size: size, claim: .nothing)
    }
    return FileChoice.variants(of: listed).map { variant in
      let first = variant.files[0].name
      let stem = SplitName(path: first)?.prefix ?? String(first.dropLast(5))
      return ForeignCache.Model(
        program: program, name: prefix + stem, path: folder + "/" + first, size: variant.size, digest: nil,
        repository: repository, quantization: variant.quantization)
    }
  }
}

/// The Hugging Face hub's cache: `models--<owner>--<name>/refs/main` names a commit, `snapshots/<commit>/` has the files
/// as links to `blobs/`.
struct HuggingFaceCache {
  /// Without links.
  let root: String

  func models() -> [ForeignCache.Model] {
    var found: [ForeignCache.Model] = []
    for entry in FileSystem.names(inDirectory: root)
    where entry.hasPrefix("models--") && FileName.isPlain(entry) {
      let parts = entry.dropFirst("models--".count).components(separatedBy: "--")
      guard parts.count == 2, let name = try? RepositoryName(owner: parts[0], name: parts[1]),
        let commit = commit(of: entry)
      else { continue }
      let snapshot = root + "/" + entry + "/snapshots/" + commit
      // Quantisations may lie in folders of their own.
      let folders =
        [""] + FileSystem.names(inDirectory: snapshot).filter { FileName.isPlain($0) && !$0.contains(".") }
      for folder in folders {
        found += FolderCache.models(
          in: folder.isEmpty ? snapshot : snapshot + "/" + folder, confinedTo: root, program: .huggingFace,
          prefix: name.text + "/", repository: "hf.co/" + name.text.lowercased())
      }
      guard found.count <= ForeignCache.fileLimit else { return found }
    }
    return found
  }

  private func commit(of entry: String) -> String? {
    let path = root + "/" + entry + "/refs/main"
    guard let real = ForeignCache.confined(path, to: root), let size = FileSystem.size(ofFile: real),
      size <= 200,
      let data = try? FileSystem.read(real)
    else { return nil }
    let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return FileName.isPlain(text) ? text : nil
  }
}
