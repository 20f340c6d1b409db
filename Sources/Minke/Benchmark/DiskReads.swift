internal import Foundation

/// What this process has had read from disks.
public enum DiskReads {
  /// Bytes since it began, those read ahead included and those that the page cache had already left out; nil where the
  /// system does not say (it is Linux that does).
  public static var bytes: Int? {
    guard let data = FileManager.default.contents(atPath: "/proc/self/io") else { return nil }
    return bytes(in: String(decoding: data, as: UTF8.self))
  }

  /// Bytes since an earlier moment.
  public static func bytes(since earlier: Int?) -> Int? {
    guard let earlier, let bytes else { return nil }
    return max(bytes - earlier, 0)
  }

  /// The number behind `read_bytes` of `/proc/self/io`.
  package static func bytes(in text: String) -> Int? {
    for line in text.split(separator: "\n") where line.hasPrefix("read_bytes:") {
      return line.split(separator: " ").last.flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
    }
    return nil
  }
}
