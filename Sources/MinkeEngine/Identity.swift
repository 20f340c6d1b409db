/// Whose a sequence is: blocks are shared, and time is divided, by identity.
///
/// What one identity asked is never found in the cache by another, not even by how long an answer takes.
public struct Identity: Hashable, Sendable, CustomStringConvertible {
  public let name: String

  public init(_ name: String) { self.name = name }

  /// The person at this machine.
  public static let local = Identity("local")

  public var description: String { name }
}
