package import MinkeTensors

/// What makes the bytes of saved blocks mean the same to a model as to the one that computed them, as lines of text: the
/// checkpoint's digest, then the shape of its cache.
///
/// Neither the instruction set nor the number of threads is part of it: blocks hold the same bits under all of them.
package struct CacheFingerprint: Sendable, Equatable {
  package let lines: [String]

  /// - Parameter checkpoint: a digest, on one line.
  package init(checkpoint: String, shape: KVCacheShape) {
    lines =
      [
        "checkpoint \(checkpoint)",
        "layout \(KVPool.layoutVersion), blocks of \(KVCacheShape.blockLength) positions",
        "\(shape.headCount) heads of \(shape.headDimension)"
          + (shape.latentValueDimension.map { ", latent values of \($0)" } ?? ""),
        "keys \(shape.keyElement.rawValue), values \(shape.valueElement.rawValue)",
      ]
      + shape.groups.map { group in
        "\(group.layerCount) layers" + (group.window.map { " with a window of \($0)" } ?? "")
      }
  }

  init?(_ bytes: some Collection<UInt8>) {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  var bytes: [UInt8] { Array(lines.joined(separator: "\n").utf8) }

  /// Whether both are of the same checkpoint, whatever their caches are like.
  package func hasCheckpoint(of other: CacheFingerprint) -> Bool { lines.first == other.lines.first }

  /// The first thing in which `found` is not this.
  func difference(to found: CacheFingerprint) -> (found: String, expected: String)? {
    for index in 0..<max(lines.count, found.lines.count) {
      let (own, other) = (
        index < lines.count ? lines[index] : "", index < found.lines.count ? found.lines[index] : ""
      )
      if own != other {
        return (other.isEmpty ? "nothing more" : other, own.isEmpty ? "nothing more" : own)
      }
    }
    return nil
  }
}
