internal import CMinkeKernels

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// How many processors a process may keep busy: those it may run on, and no more than its container's
/// share of processor time.
///
/// Linux control groups limit time, not processors: 150 ms in each 100 ms is a share of 1.5. More threads
/// than that are stopped together in the middle of their work, so the share is rounded up and kept to.
package struct ProcessorLimit {
  /// Processors that the scheduler lets this process run on.
  package var affinity: Int
  /// Processors' worth of time that the control groups allow; nil when there is no limit.
  package var quota: Double?

  package init(affinity: Int, quota: Double?) {
    self.affinity = affinity
    self.quota = quota
  }

  package var count: Int {
    let allowed = quota.map { quota in
      quota >= Double(Int32.max) ? Int(Int32.max) : Int(max(quota, 0).rounded(.up))
    }
    return max(1, min(affinity, allowed ?? affinity))
  }

  /// The limit of this process, now.
  package static func current() -> ProcessorLimit {
    ProcessorLimit(
      affinity: Int(minke_cpu_affinity_count()), quota: quota(readingFile: contentsOfSmallFile(at:)))
  }

  /// The smallest quota of the process's control group (version 1 or 2) and the groups that hold it.
  ///
  /// Inside a container the path that `/proc/self/cgroup` names is often the host's; the walk towards the
  /// root then ends at the container's own files.
  package static func quota(readingFile read: (String) -> String?) -> Double? {
    guard let groups = read("/proc/self/cgroup") else { return nil }
    var smallest: Double?
    for line in groups.split(separator: "\n") {
      // hierarchy:controllers:path, controllers empty in version 2
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isUnified = fields[1].isEmpty
      guard isUnified || fields[1].split(separator: ",").contains("cpu") else { continue }
      let roots = isUnified ? ["/sys/fs/cgroup"] : ["/sys/fs/cgroup/\(fields[1])", "/sys/fs/cgroup/cpu"]
      for root in roots {
        for folder in foldersTowardsRoot(of: fields[2]) {
          let found =
            isUnified
            ? unifiedQuota(read(root + folder + "/cpu.max"))
            : legacyQuota(
              quota: read(root + folder + "/cpu.cfs_quota_us"),
              period: read(root + folder + "/cpu.cfs_period_us"))
          if let found { smallest = min(smallest ?? found, found) }
        }
      }
    }
    return smallest
  }

  /// `/a/b` → `/a/b`, `/a`, and the empty path of the root.
  private static func foldersTowardsRoot(of path: Substring) -> [String] {
    let names = path.split(separator: "/").prefix(64)
    return (0...names.count).reversed().map { depth in
      names.prefix(depth).map { "/" + $0 }.joined()
    }
  }

  /// `cpu.max` of version 2: `max 100000` or `150000 100000`, in microseconds.
  private static func unifiedQuota(_ text: String?) -> Double? {
    let fields = (text ?? "").split(whereSeparator: \.isWhitespace)
    guard fields.count == 2 else { return nil }
    return share(quota: fields[0], period: fields[1])
  }

  /// The two files of version 1; a quota of −1 is no limit.
  private static func legacyQuota(quota: String?, period: String?) -> Double? {
    guard let quota = quota?.split(whereSeparator: \.isWhitespace).first,
      let period = period?.split(whereSeparator: \.isWhitespace).first
    else { return nil }
    return share(quota: quota, period: period)
  }

  private static func share(quota: Substring, period: Substring) -> Double? {
    guard let quota = Int(quota), let period = Int(period), quota > 0, period > 0 else { return nil }
    return Double(quota) / Double(period)
  }
}

/// The first 16 KiB of a file, such as the kernel's own, or nil.
func contentsOfSmallFile(at path: String) -> String? {
  guard let file = unsafe fopen(path, "r") else { return nil }
  defer { unsafe _ = fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 16384)
  let count = unsafe bytes.withUnsafeMutableBytes { unsafe fread($0.baseAddress, 1, $0.count, file) }
  return String(decoding: bytes.prefix(count), as: UTF8.self)
}
