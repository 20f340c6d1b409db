internal import Foundation

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A program run to its end without a shell, its output in files, so that no pipe can fill up.
///
/// It leads a process group of its own: ending it ends what it started, and a Ctrl-C at the terminal
/// reaches only this process, which decides.
struct ChildProcess {
  var executable: String
  var arguments: [String]
  var environment: [String: String]
  /// Where standard output is appended; nil discards it.
  var output: String?
  /// Where standard error is appended.
  var errors: String

  /// Runs the program and asks `watch` at every interval whether it may go on.
  ///
  /// When the task is cancelled or `watch` throws, the program and the processes it started are ended
  /// before this returns.
  ///
  /// - Returns: the exit status; 128 + n when signal n ended the program.
  func run(every interval: Duration, watch: () throws(HubError) -> Void) async throws(HubError) -> Int32 {
    let identifier = try spawn()
    while true {
      if let status = Self.status(of: identifier) { return status }
      do {
        try await Task.sleep(for: interval)
      } catch {
        await Self.end(identifier)
        throw .cancelled
      }
      do {
        try watch()
      } catch {
        await Self.end(identifier)
        throw error
      }
    }
  }

  /// The last bytes of standard error, as text.
  func errorText() -> String {
    let data = (try? FileSystem.read(errors)) ?? Data()
    return String(decoding: data.suffix(1 << 16), as: UTF8.self)
  }

  /// The exit status of a child that has ended; nil while it runs.
  private static func status(of identifier: pid_t) -> Int32? {
    var status: Int32 = 0
    // Unsafe: the call fills a value that outlives it.
    let ended = unsafe waitpid(identifier, &status, WNOHANG)
    guard ended == identifier else { return ended < 0 && errno != EINTR ? 127 : nil }
    // As <sys/wait.h> lays a status out: seven bits of signal, then eight of exit status.
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
  }

  /// Asks the program and its children to end, and makes them end two seconds later.
  private static func end(_ identifier: pid_t) async {
    for signal in [SIGTERM, SIGKILL] {
      kill(-identifier, signal)
      for _ in 0..<100 {
        if status(of: identifier) != nil { return }
        await pause(milliseconds: 20)
      }
    }
  }

  /// Sleeps also in a cancelled task.
  private static func pause(milliseconds: Int) async {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) {
        continuation.resume()
      }
    }
  }
}

#if canImport(Darwin)
  private typealias FileActions = posix_spawn_file_actions_t?
  private typealias Attributes = posix_spawnattr_t?
#else
  private typealias FileActions = posix_spawn_file_actions_t
  private typealias Attributes = posix_spawnattr_t
#endif

extension ChildProcess {
  /// Starts the program; one without a slash is looked for on `PATH`.
  private func spawn() throws(HubError) -> pid_t {
    // Unsafe throughout: the C interface takes pointers to values that live until this returns.
    #if canImport(Darwin)
      var actions: FileActions = nil
      var attributes: Attributes = nil
      let flags = Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_CLOEXEC_DEFAULT)
    #else
      var actions = unsafe FileActions()
      var attributes = Attributes()
      let flags = Int16(POSIX_SPAWN_SETPGROUP)
    #endif
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    let appending = O_WRONLY | O_CREAT | O_APPEND
    unsafe posix_spawnattr_setflags(&attributes, flags)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, output ?? "/dev/null", appending, 0o600)
    unsafe posix_spawn_file_actions_addopen(&actions, 2, errors, appending, 0o600)

    var identifier: pid_t = 0
    let variables = environment.map { "\($0.key)=\($0.value)" }
    let failure = unsafe Self.withPointers(to: [executable] + arguments) { arguments in
      unsafe Self.withPointers(to: variables) { variables in
        unsafe posix_spawnp(&identifier, executable, &actions, &attributes, arguments, variables)
      }
    }
    guard failure == 0 else {
      errno = failure
      throw FileSystem.lastError("run", executable)
    }
    return identifier
  }

  /// Calls `body` with a null-terminated array of copies of the texts.
  private static func withPointers<R>(
    to texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
  ) -> R {
    var pointers = unsafe texts.map { unsafe strdup($0) } + [nil]
    defer {
      for index in unsafe pointers.indices { unsafe free(pointers[index]) }
    }
    return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
      // The array holds at least the terminating nil, so it has a base address.
      guard let base = buffer.baseAddress else { preconditionFailure("an array with an element") }
      return unsafe body(base)
    }
  }
}
