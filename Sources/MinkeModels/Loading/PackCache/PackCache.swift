/// A folder of packed weights, so that a model that was loaded once starts at once: packing costs time and reads the
/// whole checkpoint.
///
///     <digest>-<instruction set>-<version>.pack   a model's packed weights, and a trailer that says what they are
///     source-<device>-<inode>                     the digest of a checkpoint, so that it is computed once
///     temporary-<process>-<number>                what is being written, locked by the process that writes
///
/// **Safety.** A file appears under its name by renaming when it is complete, so neither two processes that make it at
/// once nor one that dies half-way leave a half-made one. It is used only if it belongs to this user, nobody else may
/// write it, its length and trailer are what this build would write for this very checkpoint, and the checksum of all
/// its bytes is right: a file that a crash of the machine or the disk has spoiled is made anew. Against somebody who may
/// write as this user nothing is promised.
///
/// **Bounds.** What was not used for longest is removed to keep all of them within ``byteLimit``.
///
/// Nothing here makes loading fail: without the cache, the weights are packed as if there were none.
public struct PackCache: Sendable {
  /// The SHA-256 of a checkpoint's content, 64 lower-case hexadecimal digits: what its packed weights are found by.
  public enum SourceDigest: Sendable {
    /// It is known, as in a store that finds files by it.
    case known(String)
    /// Computed from the files at these paths, read one after the other as one. Called in the background once a model
    /// answers, and only for files that have not been seen as they are now.
    case computed(@Sendable (_ paths: [String]) throws -> String)
  }

  /// Made where it is missing, for this user alone.
  public var folder: String
  /// Bytes of all packed weights together; by default 20 GB or a tenth of the free disk, whichever is less.
  public var byteLimit: Int?
  public var digest: SourceDigest
  /// Told, in one line, why weights were not kept.
  public var note: (@Sendable (String) -> Void)?
  /// Called at every step of writing, for tests of what happens when one fails or is the process's last.
  package var checkpoint: (@Sendable (PackStep) throws -> Void)?

  public init(
    folder: String, byteLimit: Int? = nil, digest: SourceDigest, note: (@Sendable (String) -> Void)? = nil
  ) {
    self.folder = folder
    self.byteLimit = byteLimit
    self.digest = digest
    self.note = note
  }
}

/// The steps of writing packed weights to the disk.
package enum PackStep: Hashable, Sendable {
  case started
  case created
  /// So many bytes of weights are written.
  case wrote(Int)
  case completed
  case renamed
  case remembered
}

/// Why packed weights were not read or not kept: a line for a note.
struct PackCacheError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
