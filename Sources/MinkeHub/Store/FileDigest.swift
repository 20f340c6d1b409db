internal import Crypto
internal import Foundation

extension SHA256Digest {
  /// The digest of a file, read in pieces of 1 MiB.
  ///
  /// - Parameter shouldStop: asked between pieces; true ends the work.
  /// - Throws: ``HubError/fileSystem(operation:path:reason:)`` or ``HubError/cancelled``.
  package init(ofFile path: String, shouldStop: () -> Bool = { false }) throws(HubError) {
    try self.init(ofFiles: [path], shouldStop: shouldStop)
  }

  /// The digest of files read one after the other as one, such as the parts of a split checkpoint.
  package init(ofFiles paths: [String], shouldStop: () -> Bool = { false }) throws(HubError) {
    var hash = SHA256()
    for path in paths { try Self.update(&hash, path, shouldStop) }
    self.init(hash)
  }

  private static func update(
    _ hash: inout SHA256, _ path: String, _ shouldStop: () -> Bool
  ) throws(HubError) {
    guard let file = FileHandle(forReadingAtPath: path) else { throw .noSuchFile(path: path) }
    defer { try? file.close() }
    while true {
      if shouldStop() { throw .cancelled }
      let piece: Data?
      do {
        piece = try file.read(upToCount: 1 << 20)
      } catch {
        throw .fileSystem(operation: "read", path: path, reason: error.localizedDescription)
      }
      guard let piece, !piece.isEmpty else { break }
      hash.update(data: piece)
    }
  }
}
