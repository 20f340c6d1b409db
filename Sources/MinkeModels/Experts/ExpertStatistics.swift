/// How experts that stay in the file were brought into memory.
public struct ExpertStatistics: Sendable, Hashable {
  /// Of passes of one kind.
  public struct Counts: Sendable, Hashable {
    /// Rows of all passes: tokens.
    public var tokens = 0
    /// Experts that were in memory when a layer of a pass needed them.
    public var hits = 0
    /// Experts that had to be read.
    public var misses = 0
    /// Bytes of the file that they were packed from: from the disk, unless the system had them in its page cache.
    public var bytesRead = 0
    /// Those of ``misses`` that had been guessed while the layer before was computed.
    public var missesGuessed = 0
    /// Guesses that an expert would be needed which was not in memory.
    public var guesses = 0
    /// Those of ``guesses`` that the system was asked to read ahead: all while three of four are right, else none.
    public var readAhead = 0
    /// Seconds in which experts were read and packed while all threads waited.
    public var seconds = 0.0

    public init() {}

    /// nil where none was needed.
    public var hitRate: Double? { hits + misses > 0 ? Double(hits) / Double(hits + misses) : nil }
  }

  /// Passes of one token, and ``batched`` those of more: prompts, and several answers at once.
  public var decoding = Counts()
  public var batched = Counts()
  /// Places for experts in memory.
  public var slots = 0
  /// Experts of all layers.
  public var experts = 0

  public init() {}
}

extension ExpertStatistics.Counts {
  static func - (left: Self, right: Self) -> Self {
    var result = left
    result.tokens -= right.tokens
    result.hits -= right.hits
    result.misses -= right.misses
    result.bytesRead -= right.bytesRead
    result.missesGuessed -= right.missesGuessed
    result.guesses -= right.guesses
    result.readAhead -= right.readAhead
    result.seconds -= right.seconds
    return result
  }
}

extension ExpertStatistics {
  /// What has been counted since an earlier moment.
  public func since(_ earlier: Self) -> Self {
    var result = self
    result.decoding = decoding - earlier.decoding
    result.batched = batched - earlier.batched
    return result
  }
}
