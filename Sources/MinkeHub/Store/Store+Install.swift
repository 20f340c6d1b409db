internal import Crypto
internal import Foundation

extension Store {
  /// Gives a verified file that is on this file system its place among the blobs.
  func adopt(_ path: String, as digest: SHA256Digest) throws(HubError) {
    try FileSystem.makeReadOnly(path)
    try FileSystem.synchronize(path)
    try FileSystem.makeDirectory(blobs)
    try FileSystem.move(path, to: self.path(of: digest))
  }

  /// Takes over a verified file that was fetched in pieces.
  func install(_ file: Manifest.File, from partial: PartialFile, chunks: ChunkJournal) throws(HubError) {
    try keep(chunks, of: file.digest)
    try adopt(partial.data.path, as: file.digest)
    partial.discard()
  }

  /// Keeps the digests of a blob's chunks, which tell later what part of it is bad.
  func keep(_ chunks: ChunkJournal, of digest: SHA256Digest) throws(HubError) {
    var chunks = chunks
    // What the blob is, not where it came from: many models may share it.
    chunks.header.source = ""
    chunks.header.entityTag = nil
    chunks.header.digest = digest
    try FileSystem.makeDirectory(self.chunks)
    try replace(chunksPath(of: digest), with: chunks.encoded())
  }

  /// The chunks of a blob; nil where they are not kept, or are another's.
  func chunks(of file: Manifest.File) -> ChunkJournal? {
    guard let data = try? FileSystem.read(chunksPath(of: file.digest)),
      let journal = ChunkJournal(decoding: data), journal.header.digest == file.digest,
      journal.header.size == file.size, journal.digests.isComplete
    else { return nil }
    return journal
  }

  /// Puts a manifest in place, replacing an older one, once all its blobs are here.
  func add(_ manifest: Manifest) throws(HubError) {
    for file in manifest.files where try !holds(file) {
      throw .noSuchFile(path: path(of: file.digest))
    }
    if let folder = folder(of: manifest) { try link(manifest.files, in: folder) }
    let target = path(of: manifest.name)
    try FileSystem.makeDirectory((target as NSString).deletingLastPathComponent)
    try replace(target, with: try manifest.encoded())
  }

  /// A folder in which a model of several files has them under their names: links to the blobs.
  ///
  /// Its name follows from its content, so it is never changed.
  private func link(_ files: [Manifest.File], in folder: String) throws(HubError) {
    if FileSystem.exists(folder) { return }
    let temporary = try temporaryPath()
    try FileSystem.makeDirectory(temporary)
    for file in files {
      try FileSystem.link(temporary + "/" + file.name, to: "../../blobs/sha256-" + file.digest.hex)
    }
    try FileSystem.makeDirectory((folder as NSString).deletingLastPathComponent)
    do {
      try FileSystem.move(temporary, to: folder)
    } catch {
      try? FileSystem.remove(temporary)
      // Another process was faster with the same.
      guard FileSystem.exists(folder) else { throw error }
    }
  }

  /// Writes a small file beside and renames it into place.
  private func replace(_ target: String, with data: Data) throws(HubError) {
    let temporary = try temporaryPath()
    try FileSystem.write(data, to: temporary)
    try FileSystem.move(temporary, to: target)
  }

  private func temporaryPath() throws(HubError) -> String {
    try FileSystem.makeDirectory(staging)
    return staging + "/" + Self.temporaryPrefix + UUID().uuidString
  }

  static let temporaryPrefix = "new-"
}

extension ChunkJournal {
  /// Reads a file once for its digest, in the header, and those of its chunks.
  init(digesting path: String, size: Int, shouldStop: () -> Bool) throws(HubError) {
    let plan = RangePlan(size: size)
    self.init(header: Header(source: "", plan: plan, entityTag: nil, digest: nil))
    let reader = RangeHash(try DataFile(path, .reading))
    var whole = SHA256()
    for chunk in 0..<plan.chunkCount {
      if shouldStop() { throw .cancelled }
      digests[chunk] = try reader.digest(of: plan.bytes(of: chunk), feeding: &whole)
    }
    header.digest = SHA256Digest(whole)
  }
}
