internal import Foundation

#if canImport(Darwin)
  internal import Darwin
#endif

/// How much memory this process may still take.
package enum SystemMemory {
  /// Bytes; nil when the system does not say.
  package static func available() -> Int? {
    #if canImport(Darwin)
      return appleAvailable()
    #else
      return linuxAvailable(read: text(ofFile:))
    #endif
  }

  /// The least of what the machine has and what each control group above this process still allows.
  ///
  /// - Parameter read: the text of a file, nil when there is none.
  package static func linuxAvailable(read: (String) -> String?) -> Int? {
    let machine = read("/proc/meminfo").flatMap(availableInMeminfo)
    let groups = read("/proc/self/cgroup").map { groupRoom(membership: $0, read: read) } ?? []
    return ([machine] + groups).compactMap { $0 }.min()
  }

  /// How much memory a model may take on this machine, whatever else runs at the moment: nine tenths of what it has, and
  /// no more than a control group allows; nil when the system does not say.
  package static func installed() -> Int? {
    #if canImport(Darwin)
      return appleAvailable()
    #else
      return linuxInstalled(read: text(ofFile:))
    #endif
  }

  private static func text(ofFile path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0.prefix(1 << 20), as: UTF8.self) }
  }

  /// - Parameter read: the text of a file, nil when there is none.
  package static func linuxInstalled(read: (String) -> String?) -> Int? {
    let machine = read("/proc/meminfo").flatMap { bytes(of: "MemTotal:", inMeminfo: $0) }.map { $0 / 10 * 9 }
    // Without its usage a group's room is its limit.
    let groups = read("/proc/self/cgroup").map { membership in
      groupRoom(membership: membership) { $0.contains("limit") || $0.hasSuffix(".max") ? read($0) : nil }
    }
    return ([machine] + (groups ?? [])).compactMap { $0 }.min()
  }

  /// `MemAvailable` of `/proc/meminfo`: what can be taken without swapping, in bytes.
  package static func availableInMeminfo(_ text: String) -> Int? {
    bytes(of: "MemAvailable:", inMeminfo: text)
  }

  private static func bytes(of name: String, inMeminfo text: String) -> Int? {
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      let fields = line.split(separator: " ")
      guard fields.count >= 2, let kilobytes = Int(fields[1]) else { return nil }
      let (bytes, overflow) = kilobytes.multipliedReportingOverflow(by: 1024)
      return overflow ? nil : bytes
    }
    return nil
  }

  /// For each control group with a limit: the limit less what is used, files that can be dropped not
  /// counted.
  private static func groupRoom(membership: String, read: (String) -> String?) -> [Int?] {
    var rooms: [Int?] = []
    for line in membership.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let names: (root: String, limit: String, usage: String, files: String)
      if fields[0] == "0", fields[1].isEmpty {
        names = ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file")
      } else if fields[1].split(separator: ",").contains("memory") {
        names = (
          "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
        )
      } else {
        continue
      }
      for group in ancestors(of: String(fields[2])) {
        let folder = names.root + group + "/"
        guard let limit = read(folder + names.limit).flatMap(number) else { continue }
        let usage = read(folder + names.usage).flatMap(number) ?? 0
        let files = read(folder + "memory.stat").flatMap { statistic(names.files, in: $0) } ?? 0
        rooms.append(max(limit - max(usage - files, 0), 0))
      }
    }
    return rooms
  }

  /// A group and every group above it: `/a/b`, `/a`, and the root as an empty text.
  private static func ancestors(of path: String) -> [String] {
    let parts = path.split(separator: "/").filter { $0 != ".." }
    return (0...parts.count).reversed().map { count in
      parts.prefix(count).map { "/" + $0 }.joined()
    }
  }

  /// A number alone in its file; nil for `max` and for the huge number that means no limit.
  private static func number(_ text: String) -> Int? {
    guard let value = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)), value < 1 << 60 else {
      return nil
    }
    return max(value, 0)
  }

  private static func statistic(_ name: String, in text: String) -> Int? {
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      if fields.count == 2, fields[0] == name { return Int(fields[1]).map { max($0, 0) } }
    }
    return nil
  }

  #if canImport(Darwin)
    /// The machine's memory less what is wired or compressed is not to be had without private
    /// interfaces everywhere; three quarters of the machine's memory is what Apple's own limits allow.
    private static func appleAvailable() -> Int? {
      var bytes: UInt64 = 0
      var size = MemoryLayout<UInt64>.size
      // Unsafe: the call fills two values that outlive it.
      guard unsafe sysctlbyname("hw.memsize", &bytes, &size, nil, 0) == 0 else { return nil }
      return Int(clamping: bytes / 4 * 3)
    }
  #endif
}
