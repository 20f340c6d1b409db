internal import Foundation

/// Where the store lies: a pure decision over the environment.
package enum StoreLocation {
  /// The kind of system, for its convention.
  package enum Platform: Sendable {
    case linux, apple

    package static var current: Platform {
      #if canImport(Darwin)
        .apple
      #else
        .linux
      #endif
    }
  }

  /// `$MINKE_HOME`, or the platform's conventional place: `$XDG_DATA_HOME/minke` or
  /// `~/.local/share/minke`, and `~/Library/Application Support/Minke` on Apple systems.
  ///
  /// An empty variable counts as unset, and so does a relative `XDG_DATA_HOME` (the XDG Base Directory
  /// Specification says to ignore it). A relative `MINKE_HOME` is read from `directory`.
  ///
  /// - Throws: ``HubError/noHome(variable:)`` when no variable helps.
  package static func path(
    environment: [String: String], directory: String, platform: Platform = .current
  ) throws(HubError) -> String {
    func value(_ key: String) -> String? {
      environment[key].flatMap { $0.isEmpty ? nil : $0 }
    }
    if let home = value("MINKE_HOME") {
      return home.hasPrefix("/") ? home : directory + "/" + home
    }
    switch platform {
    case .apple:
      guard let home = value("HOME") else { throw .noHome(variable: "HOME") }
      return home + "/Library/Application Support/Minke"
    case .linux:
      if let data = value("XDG_DATA_HOME"), data.hasPrefix("/") { return data + "/minke" }
      guard let home = value("HOME") else { throw .noHome(variable: "HOME") }
      return home + "/.local/share/minke"
    }
  }

  /// The place for this process.
  package static func current() throws(HubError) -> String {
    try path(
      environment: ProcessInfo.processInfo.environment,
      directory: FileManager.default.currentDirectoryPath)
  }
}
