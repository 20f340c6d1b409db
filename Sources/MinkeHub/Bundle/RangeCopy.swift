internal import Foundation

/// A new file that ranges of others are appended to, in pieces of 4 MiB.
final class RangeCopy {
  private let path: String
  private let output: FileHandle
  private(set) var count = 0
  private static let pieceBytes = 4 << 20

  init(to path: String) throws(HubError) {
    guard FileManager.default.createFile(atPath: path, contents: nil),
      let output = FileHandle(forWritingAtPath: path)
    else { throw .fileSystem(operation: "create", path: path, reason: "no such folder, or no permission") }
    self.path = path
    self.output = output
  }

  /// - Parameter progress: called after each piece with the length of the new file.
  func append(
    _ source: String, _ range: Range<Int>, progress: (Int) -> Void = { _ in }
  ) throws(HubError) {
    guard let input = FileHandle(forReadingAtPath: source) else { throw .noSuchFile(path: source) }
    defer { try? input.close() }
    do { try input.seek(toOffset: UInt64(range.lowerBound)) } catch { throw failure("read", source, error) }
    var left = range.count
    while left > 0 {
      if Task.isCancelled { throw .cancelled }
      let piece: Data
      do {
        piece = try input.read(upToCount: min(left, Self.pieceBytes)) ?? Data()
      } catch {
        throw failure("read", source, error)
      }
      guard !piece.isEmpty else {
        throw .sizeMismatch(file: source, found: range.count - left, expected: range.count)
      }
      try append(piece)
      left -= piece.count
      progress(count)
    }
  }

  func append(_ data: Data) throws(HubError) {
    do { try output.write(contentsOf: data) } catch { throw failure("write", path, error) }
    count += data.count
  }

  /// Zeros up to a length.
  func pad(to length: Int) throws(HubError) {
    try append(Data(count: length - count))
  }

  func close() throws(HubError) {
    do { try output.close() } catch { throw failure("write", path, error) }
  }

  private func failure(_ operation: String, _ path: String, _ error: any Error) -> HubError {
    .fileSystem(operation: operation, path: path, reason: error.localizedDescription)
  }
}
