internal import Foundation

#if canImport(Darwin)
  internal import Darwin
#endif

/// What this process holds of the system now; nil where the system does not say.
package struct ProcessFigures: Sendable, Equatable {
  /// Bytes in memory, mapped files included.
  package var resident: Int?
  /// Bytes in memory that no file stands behind: heap, caches, stacks. What a leak makes grow.
  package var anonymous: Int?
  package var threads: Int?
  package var openFiles: Int?

  package init(resident: Int? = nil, anonymous: Int? = nil, threads: Int? = nil, openFiles: Int? = nil) {
    self.resident = resident
    self.anonymous = anonymous
    self.threads = threads
    self.openFiles = openFiles
  }

  /// As the system says now.
  package static var current: ProcessFigures {
    #if canImport(Darwin)
      return apple
    #else
      guard let status = FileManager.default.contents(atPath: "/proc/self/status") else {
        return ProcessFigures()
      }
      var figures = ProcessFigures(status: String(decoding: status, as: UTF8.self))
      // The folder itself is open while it is read.
      figures.openFiles = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map {
        max($0.count - 1, 0)
      }
      return figures
    #endif
  }

  /// What `/proc/self/status` says.
  package init(status: String) {
    resident = PeakMemory.kilobytes("VmRSS:", in: status).map { $0 * 1024 }
    anonymous = PeakMemory.kilobytes("RssAnon:", in: status).map { $0 * 1024 }
    threads = PeakMemory.kilobytes("Threads:", in: status)
  }

  #if canImport(Darwin)
    private static var apple: ProcessFigures {
      var information = mach_task_basic_info()
      var count = mach_msg_type_number_t(
        MemoryLayout<mach_task_basic_info>.size / MemoryLayout<natural_t>.size)
      // Unsafe: the call fills a value that outlives it, of as many words as it is told.
      let status = unsafe withUnsafeMutablePointer(to: &information) { pointer in
        unsafe pointer.withMemoryRebound(to: integer_t.self, capacity: Int(count)) {
          unsafe task_info(mach_task_self_, task_flavor_t(MACH_TASK_BASIC_INFO), $0, &count)
        }
      }
      guard status == KERN_SUCCESS else { return ProcessFigures() }
      return ProcessFigures(resident: Int(clamping: information.resident_size))
    }
  #endif
}
