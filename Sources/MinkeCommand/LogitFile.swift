internal import Foundation
internal import Minke
internal import MinkeHub

/// Logits for other programs: little-endian float32, row after row, in a file or a pipe.
struct LogitFile {
  private let path: String
  private let file: FileHandle

  /// Opens a pipe, or a file that is created or emptied.
  init(path: String) throws(CommandError) {
    let manager = FileManager.default
    guard manager.fileExists(atPath: path) || manager.createFile(atPath: path, contents: nil),
      let file = FileHandle(forWritingAtPath: path)
    else { throw CommandError("no file can be written at \(quoted(path))") }
    // A pipe cannot be emptied, and need not be.
    try? file.truncate(atOffset: 0)
    (self.path, self.file) = (path, file)
  }

  func write(_ row: Span<Float>) throws(MinkeError) {
    // Unsafe: the buffer is used only inside the closure.
    let data = unsafe row.withUnsafeBufferPointer { unsafe Data(buffer: $0) }
    do {
      try file.write(contentsOf: data)
    } catch {
      throw MinkeError(.parameters, "\(quoted(path)) cannot be written: \(error.localizedDescription)")
    }
  }
}
