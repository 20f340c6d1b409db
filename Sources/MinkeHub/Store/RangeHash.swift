internal import Crypto
internal import Foundation

/// Digests of stretches of a file, with one buffer for all of them.
final class RangeHash {
  private let file: DataFile
  private var buffer = [UInt8](repeating: 0, count: 1 << 20)

  init(_ file: DataFile) {
    self.file = file
  }

  /// Feeds the bytes of a stretch to a hash.
  ///
  /// - Throws: ``HubError/fileSystem(operation:path:reason:)``, also when the file ends before.
  func update(_ hash: inout SHA256, with range: Range<Int>) throws(HubError) {
    unsafe try read(range) { unsafe hash.update(bufferPointer: $0) }
  }

  /// The SHA-256 of a stretch, whose bytes are fed to the hash of the whole too, in one reading.
  func digest(of range: Range<Int>, feeding whole: inout SHA256) throws(HubError) -> SHA256Digest {
    var part = SHA256()
    unsafe try read(range) { bytes in
      unsafe part.update(bufferPointer: bytes)
      unsafe whole.update(bufferPointer: bytes)
    }
    return SHA256Digest(part)
  }

  private func read(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void) throws(HubError) {
    var position = range.lowerBound
    while position < range.upperBound {
      let wanted = min(buffer.count, range.upperBound - position)
      let (path, start) = (file.path, position)
      // Unsafe: the buffer is used only inside the closure.
      let result: Result<Void, HubError> = unsafe buffer.withUnsafeMutableBytes { bytes in
        let part = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[..<wanted])
        do throws(HubError) {
          guard unsafe try file.read(into: part, at: start) == wanted else {
            return .failure(.fileSystem(operation: "read", path: path, reason: "it ends too early"))
          }
          unsafe body(UnsafeRawBufferPointer(part))
          return .success(())
        } catch {
          return .failure(error)
        }
      }
      try result.get()
      position += wanted
    }
  }

  /// The SHA-256 of a stretch.
  func digest(of range: Range<Int>) throws(HubError) -> SHA256Digest {
    var hash = SHA256()
    try update(&hash, with: range)
    return SHA256Digest(hash)
  }
}

extension SHA256Digest {
  /// The digest of what a hash has taken so far.
  init(_ hash: SHA256) {
    // A SHA-256 has 32 bytes.
    guard let digest = SHA256Digest(bytes: Array(hash.finalize())) else { preconditionFailure("32 bytes") }
    self = digest
  }

  /// The digest of some bytes.
  package init(of bytes: some Sequence<UInt8>) {
    var hash = SHA256()
    hash.update(data: Array(bytes))
    self.init(hash)
  }
}
