#if canImport(SwiftUI)
  import MinkeChat
  import SwiftUI
  import UniformTypeIdentifiers

  struct ChatView: View {
    let chat: Chat
    @State private var question = ""
    @State private var isChoosing = false

    var body: some View {
      NavigationStack {
        VStack(spacing: 0) {
          conversation
          Divider()
          entry
        }
        .navigationTitle(chat.modelName ?? "Pocket Chat")
        .toolbar {
          Button("New Chat", systemImage: "square.and.pencil") { chat.startOver() }
            .disabled(chat.state != .ready)
          Button("Open Model", systemImage: "folder") { isChoosing = true }
            .disabled(!chat.canLoad)
        }
      }
      .fileImporter(isPresented: $isChoosing, allowedContentTypes: [.data, .folder]) { choice in
        guard let url = try? choice.get() else { return }
        Task { await load(url) }
      }
    }

    @ViewBuilder private var conversation: some View {
      switch chat.state {
      case .empty:
        ContentUnavailableView(
          "No Model", systemImage: "shippingbox", description: Text("Open a model in GGUF format."))
      case .loading:
        ProgressView("Loading").frame(maxWidth: .infinity, maxHeight: .infinity)
      case .failed(let reason):
        ContentUnavailableView(
          "The Model Cannot Be Used", systemImage: "exclamationmark.triangle", description: Text(reason))
      case .ready, .answering:
        ScrollView {
          LazyVStack(alignment: .leading, spacing: 24) {
            ForEach(chat.exchanges) { ExchangeView(exchange: $0) }
          }
          .padding()
        }
        .defaultScrollAnchor(.bottom)
      }
    }

    private var entry: some View {
      HStack {
        TextField("Question", text: $question, axis: .vertical)
          .textFieldStyle(.roundedBorder)
          .onSubmit(ask)
        if chat.state == .answering {
          Button("Stop", systemImage: "stop.circle.fill") { chat.stop() }
        } else {
          Button("Ask", systemImage: "arrow.up.circle.fill", action: ask)
            .disabled(chat.state != .ready || question.isEmpty)
        }
      }
      .labelStyle(.iconOnly)
      .padding()
    }

    private func ask() {
      guard chat.state == .ready, !question.isEmpty else { return }
      let text = question
      question = ""
      Task { await chat.ask(text) }
    }

    /// The file is mapped while it is read, and only then may have to be reached.
    private func load(_ url: URL) async {
      let isScoped = url.startAccessingSecurityScopedResource()
      defer { if isScoped { url.stopAccessingSecurityScopedResource() } }
      await chat.load(path: url.path(percentEncoded: false))
    }
  }

  private struct ExchangeView: View {
    let exchange: Exchange

    var body: some View {
      VStack(alignment: .leading, spacing: 8) {
        Text(exchange.question).bold()
        ForEach(exchange.parts.indices, id: \.self) { PartView(part: exchange.parts[$0]) }
        if let progress = exchange.progress { ProgressView(value: progress) }
        if let failure = exchange.failure { Text(failure).foregroundStyle(.red) }
      }
      .textSelection(.enabled)
    }
  }

  private struct PartView: View {
    let part: Exchange.Part

    var body: some View {
      switch part {
      case .reasoning(let text):
        DisclosureGroup("Reasoning") {
          Text(text).frame(maxWidth: .infinity, alignment: .leading)
        }
        .font(.footnote)
        .foregroundStyle(.secondary)
      case .answer(let text):
        Text(text)
      case .call(let call, let result):
        Label("\(call.name) → \(result ?? "…")", systemImage: "wrench.adjustable")
          .font(.footnote)
          .foregroundStyle(.secondary)
      }
    }
  }
#endif
