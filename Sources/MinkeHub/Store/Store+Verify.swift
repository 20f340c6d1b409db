internal import Crypto
internal import Foundation

/// What reading a model's files again has shown.
package struct VerifiedFile: Equatable, Sendable {
  package enum State: Equatable, Sendable {
    case sound
    /// Not there.
    case missing
    /// Of another length.
    case cut(found: Int)
    /// With other content; the stretches of bytes that are wrong, where the digests of its chunks are kept.
    case damaged([Range<Int>]?)
  }

  package var file: Manifest.File
  package var state: State

  package var isSound: Bool { state == .sound }
}

extension Store {
  /// Reads one file of a model again.
  ///
  /// - Parameter progress: told the bytes that have been read.
  package func verify(
    _ file: Manifest.File, progress: (Int) -> Void = { _ in }, shouldStop: () -> Bool = { false }
  ) throws(HubError) -> VerifiedFile {
    let path = path(of: file.digest)
    guard let size = FileSystem.size(ofFile: path) else { return VerifiedFile(file: file, state: .missing) }
    guard size == file.size else { return VerifiedFile(file: file, state: .cut(found: size)) }
    let kept = chunks(of: file)
    let plan = kept?.digests.plan ?? RangePlan(size: size)
    let reader = RangeHash(try DataFile(path, .reading))
    var whole = SHA256()
    var bad: [Range<Int>] = []
    for chunk in 0..<plan.chunkCount {
      if shouldStop() { throw .cancelled }
      let bytes = plan.bytes(of: chunk)
      let digest = try reader.digest(of: bytes, feeding: &whole)
      if let kept, digest != kept.digests[chunk] { bad.append(bytes) }
      progress(bytes.upperBound)
    }
    guard SHA256Digest(whole) != file.digest else { return VerifiedFile(file: file, state: .sound) }
    // They may have been packed from what is wrong.
    removePacks(of: file.digest)
    // Chunks that agree with a whole that does not: the list of chunks is not this file's.
    return VerifiedFile(file: file, state: .damaged(kept == nil || bad.isEmpty ? nil : bad))
  }

  /// Puts right bytes in the place of wrong ones; the caller has checked them against the chunk's digest.
  func mend(_ file: Manifest.File, at offset: Int, with bytes: [UInt8]) throws(HubError) {
    let path = path(of: file.digest)
    try FileSystem.makeWritable(path)
    let data = try DataFile(path, .writing)
    let failure: HubError? = unsafe bytes.withUnsafeBytes { buffer in
      do throws(HubError) {
        unsafe try data.write(buffer, at: offset)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
    try data.synchronize()
    try FileSystem.makeReadOnly(path)
  }
}
