internal import MinkeTensors

/// The rows of a tensor that are worked out from what lies in files.
protocol RowSource: Sendable {
  /// What the rows are encoded as: ``read(_:into:)`` rounds to it.
  var type: ElementType { get }
  /// Of the file that the rows come from, for messages.
  var path: String { get }

  /// Writes rows as ``type``, one after the other. Any threads may.
  func read(_ range: Range<Int>, into memory: UnsafeMutableRawBufferPointer)
  /// Writes rows as float32, one after the other, before any rounding to ``type``. Any threads may.
  func readFloats(_ range: Range<Int>, into memory: UnsafeMutableBufferPointer<Float>)
  /// Calls `body` with where in files rows are read from.
  func forEachSource(of range: Range<Int>, _ body: (MappedFile, Range<Int>) -> Void)
}
