internal import Foundation

/// The most memory that this process has held at once.
public enum PeakMemory {
  /// Bytes since the process began or the last ``reset()``; nil when the system does not say.
  public static var bytes: Int? {
    if let status = FileManager.default.contents(atPath: "/proc/self/status"),
      let peak = kilobytes("VmHWM:", in: String(decoding: status, as: UTF8.self))
    {
      return peak * 1024
    }
    var usage = rusage()
    #if canImport(Glibc)
      let who = __rusage_who_t(RUSAGE_SELF.rawValue)
    #else
      let who = RUSAGE_SELF
    #endif
    // Unsafe: the call fills a value that outlives it.
    guard unsafe getrusage(who, &usage) == 0 else { return nil }
    #if canImport(Darwin)
      let unit = 1
    #else
      let unit = 1024
    #endif
    return Int(usage.ru_maxrss) * unit
  }

  /// Forgets earlier peaks, where the system can (Linux); elsewhere the peak remains the process's.
  public static func reset() {
    guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
    defer { try? file.close() }
    try? file.write(contentsOf: Data("5\n".utf8))
  }

  /// The number behind a name in `/proc/self/status`.
  package static func kilobytes(_ name: String, in status: String) -> Int? {
    for line in status.split(separator: "\n") where line.hasPrefix(name) {
      let fields = line.split(whereSeparator: \.isWhitespace)
      guard fields.count >= 2, let number = Int(fields[1]), (0...Int.max / 1024).contains(number) else {
        return nil
      }
      return number
    }
    return nil
  }
}
