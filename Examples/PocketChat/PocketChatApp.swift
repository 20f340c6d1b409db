#if canImport(SwiftUI)
  import SwiftUI
  #if os(macOS)
    import AppKit
  #endif

  @main
  struct PocketChatApp: App {
    @State private var chat = Chat()

    init() {
      #if os(macOS)
        // A program that was started without a bundle has no window in front otherwise.
        NSApplication.shared.setActivationPolicy(.regular)
      #endif
    }

    var body: some Scene {
      WindowGroup { ChatView(chat: chat) }
    }
  }
#endif
