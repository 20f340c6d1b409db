/// A request that did not succeed, and how long its server asks to wait.
struct FailedRequest: Error {
  var error: HubError
  var asked: Duration?

  init(_ error: HubError, asked: Duration? = nil) {
    (self.error, self.asked) = (error, asked)
  }
}

extension RetryPolicy {
  /// Makes a request until it succeeds or is to be given up.
  func repeating<Result>(
    isolation: isolated (any Actor)? = #isolation, _ request: () async throws(FailedRequest) -> Result
  ) async throws(HubError) -> Result {
    var failures = 0
    while true {
      do throws(FailedRequest) {
        return try await request()
      } catch {
        failures += 1
        try await wait(after: failures, error)
      }
    }
  }

  /// Waits before the next try, or throws when there should be none.
  func wait(after failures: Int, _ failed: FailedRequest) async throws(HubError) {
    guard case .transfer(let error) = failed.error, error.isTransient,
      let pause = pause(after: failures, asked: failed.asked, jitter: .random(in: 0...1))
    else { throw failed.error }
    do {
      try await Task.sleep(for: pause)
    } catch {
      throw .cancelled
    }
  }
}

extension HTTPTransport {
  /// As ``get(_:credential:range:)``, for a request that may be made again.
  func attempt(
    _ address: WebAddress, credential: Credential?, range: Range<Int>? = nil
  ) async throws(FailedRequest) -> Reply {
    do {
      return try await get(address, credential: credential, range: range)
    } catch {
      throw FailedRequest(error)
    }
  }
}
