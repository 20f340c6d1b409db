internal import MinkeTensors

/// What latent attention reads and writes in a pass: a trivial view of a workspace's arena.
struct LatentRows {
  /// `[rows, query latent]`
  var queryLatents: MatmulInput
  /// Latents with the rotated part of keys `[rows, latent + rotary]`.
  var keys: Rows
  /// The part of queries that is not rotated `[rows, heads · plain]`.
  var plain: MatmulInput
  /// Queries in the latent's space, and their rotated part `[rows, heads · (latent + rotary)]`.
  var attending: Rows
  /// Means of latents `[rows, heads · latent]`.
  var attended: MatmulInput

  /// - Parameter rows: of the largest batch.
  init(
    _ arena: Arena, _ latent: LatentAttentionConfiguration, headCount: Int, rows: Int
  ) throws(TensorError) {
    queryLatents = try arena.matmulInput(count: rows, width: latent.queryLatentLength ?? 1)
    keys = try arena.rows(count: rows, width: latent.cachedLength)
    plain = try arena.matmulInput(count: rows, width: headCount * latent.plainLength)
    attending = try arena.rows(count: rows, width: headCount * latent.cachedLength)
    attended = try arena.matmulInput(count: rows, width: headCount * latent.latentLength)
  }

  /// Bytes of each part, nil where they overflow.
  static func parts(_ latent: LatentAttentionConfiguration, headCount: Int, rows: Int) -> [Int?] {
    let inputs = [
      latent.queryLatentLength ?? 1, headCount * latent.plainLength, headCount * latent.latentLength,
    ]
    let floats = inputs + [latent.cachedLength, headCount * latent.cachedLength]
    return floats.map { Arena.byteCount(rows: rows, width: $0) }
      + inputs.map { MatmulInput.byteCount(tokens: rows, width: $0) }
  }

  /// The views of a pass over `count` rows.
  func first(_ count: Int) -> LatentRows {
    var part = self
    part.queryLatents = queryLatents.first(count)
    part.keys = keys.rows(0..<count)
    part.plain = plain.first(count)
    part.attending = attending.rows(0..<count)
    part.attended = attended.first(count)
    return part
  }
}
