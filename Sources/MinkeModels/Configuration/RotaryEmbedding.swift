import Foundation

/// Rotary position embedding (RoPE) of one kind of attention layer: which part of a head is rotated, how
/// fast, and how the rotation is stretched beyond the context the model was first trained with.
///
/// A pair of elements i of a head at position p is rotated by the angle p·fᵢ and scaled by
/// `magnitude`. Sources: RoFormer (arXiv:2104.09864); linear scaling (arXiv:2306.15595); YaRN
/// (arXiv:2309.00071); Llama 3 (arXiv:2407.21783, with the constants of its published configuration).
public struct RotaryEmbedding: Sendable, Hashable {
  /// Where the two elements of a pair lie in a head.
  public enum Layout: Sendable, Hashable {
    /// Elements 2i and 2i+1 (how GGUF stores Q and K of `llama`).
    case interleaved
    /// Elements i and i + dimensions/2 (the others).
    case halves
  }

  public enum Scaling: Sendable, Hashable {
    case none
    /// Every frequency divided by `factor`.
    case linear(factor: Double)
    case llama3(Llama3Scaling)
    case yarn(YaRNScaling)
  }

  /// Elements of each head that are rotated, from its first; even.
  public var dimensions: Int
  /// The base θ of the frequencies θ^(−2i/dimensions).
  public var base: Double
  public var layout: Layout
  public var scaling: Scaling

  package init(dimensions: Int, base: Double, layout: Layout, scaling: Scaling = .none) {
    self.dimensions = dimensions
    self.base = base
    self.layout = layout
    self.scaling = scaling
  }

  /// Radians by which one position turns each pair: `dimensions / 2` values.
  ///
  /// - Parameter divisors: the checkpoint's own per-pair divisors (`rope_freqs.weight`), as many as pairs.
  package func frequencies(dividedBy divisors: [Float]? = nil) -> [Double] {
    (0..<dimensions / 2).map { pair in
      let plain = pow(base, -Double(2 * pair) / Double(dimensions))
      let scaled =
        switch scaling {
        case .none: plain
        case .linear(let factor): plain / factor
        // The file's own divisors are this scaling, worked out.
        case .llama3(let scaling): divisors == nil ? scaling.frequency(plain) : plain
        case .yarn(let scaling):
          scaling.frequency(plain, pair: pair, dimensions: dimensions, base: base)
        }
      return scaled / Double(divisors?[pair] ?? 1)
    }
  }

  /// What the rotated elements are multiplied by: YaRN's attention temperature, otherwise 1.
  package var magnitude: Double {
    if case .yarn(let scaling) = scaling { scaling.magnitude } else { 1 }
  }
}

/// Llama 3's scaling: slow rotations are divided by `factor`, fast ones stay, between them a smooth
/// passage by wavelength.
public struct Llama3Scaling: Sendable, Hashable {
  public var factor: Double
  /// Wavelengths above `originalContext / lowFrequencyFactor` are divided by `factor`.
  public var lowFrequencyFactor: Double
  /// Wavelengths below `originalContext / highFrequencyFactor` stay as they are.
  public var highFrequencyFactor: Double
  public var originalContext: Double

  package init(
    factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContext: Double
  ) {
    self.factor = factor
    self.lowFrequencyFactor = lowFrequencyFactor
    self.highFrequencyFactor = highFrequencyFactor
    self.originalContext = originalContext
  }

  func frequency(_ plain: Double) -> Double {
    let turns = originalContext * plain / (2 * .pi)
    if turns < lowFrequencyFactor { return plain / factor }
    if turns > highFrequencyFactor { return plain }
    let smooth = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor)
    return (1 - smooth) * plain / factor + smooth * plain
  }
}

/// YaRN: pairs that turn often within the original context keep their frequency, pairs that turn
/// seldom are interpolated by `factor`, between them a linear ramp over the pair index; attention
/// logits are sharpened by a magnitude on queries and keys.
public struct YaRNScaling: Sendable, Hashable {
  public var factor: Double
  public var originalContext: Double
  /// Share of the extrapolated part that the ramp mixes in (1 in the paper, 0 for plain interpolation).
  public var extrapolation: Double = 1
  /// A further multiplier of the magnitude.
  public var attentionFactor: Double = 1
  /// Turns within the original context from which on a pair keeps its frequency.
  public var betaFast: Double = 32
  /// Turns within the original context below which a pair is interpolated.
  public var betaSlow: Double = 1

  package init(factor: Double, originalContext: Double) {
    self.factor = factor
    self.originalContext = originalContext
  }

  /// 0.1·ln(factor) + 1 (the paper's equation 22), times the explicit attention factor.
  var magnitude: Double { attentionFactor * temperature }

  var temperature: Double { extrapolation != 0 && factor > 1 ? 0.1 * log(factor) + 1 : 1 }

  func frequency(_ plain: Double, pair: Int, dimensions: Int, base: Double) -> Double {
    let low = max(0, index(ofTurns: betaFast, dimensions, base).rounded(.down))
    let high = min(
      Double(dimensions - 1), index(ofTurns: betaSlow, dimensions, base).rounded(.up))
    let ramp = min(max((Double(pair) - low) / max(high - low, 0.001), 0), 1)
    let extrapolated = (1 - ramp) * extrapolation
    return plain / factor * (1 - extrapolated) + plain * extrapolated
  }

  /// The (fractional) pair that makes `turns` turns within the original context.
  private func index(ofTurns turns: Double, _ dimensions: Int, _ base: Double) -> Double {
    Double(dimensions) * log(originalContext / (turns * 2 * .pi)) / (2 * log(base))
  }
}
