import MinkeModels
import Testing

@Suite("Which experts stay in memory")
struct ExpertSlotsTests {
  @Test("Free slots are taken first, and what is there is not read again")
  func filling() {
    var slots = ExpertSlots(slotCount: 3, layerCount: 1, expertsPerLayer: 8)
    slots.beginPass()
    #expect(slots.admit([5, 2]) == [.init(expert: 5, slot: 0), .init(expert: 2, slot: 1)])
    #expect(slots.admit([2, 7]) == [.init(expert: 7, slot: 2)])
    #expect(slots.admit([5, 2, 7]).isEmpty)
    #expect(slots.held == [5, 2, 7])
    #expect(slots.slot(of: 7) == 2)
    #expect(slots.slot(of: 0) == nil)
  }

  @Test("What was used less and longer ago makes room")
  func victims() {
    var slots = ExpertSlots(slotCount: 3, layerCount: 1, expertsPerLayer: 8)
    for experts in [[0, 1, 2], [0, 1], [0, 2]] {
      slots.beginPass()
      _ = slots.admit(experts)
    }
    slots.beginPass()
    // 1 and 2 were used twice, 1 longer ago.
    #expect(slots.admit([3]) == [.init(expert: 3, slot: 1, evicted: 1)])
    slots.beginPass()
    // Once and last is less than twice and before.
    #expect(slots.admit([4]) == [.init(expert: 4, slot: 1, evicted: 3)])
    // Many passes later what was used often has been forgotten.
    for _ in 0..<1000 { slots.beginPass() }
    _ = slots.admit([4])
    slots.beginPass()
    #expect(slots.admit([5]).first?.evicted == 2)
    #expect(slots.admit([6]).first?.evicted == 0)
  }

  @Test("None that are needed together make room for one another")
  func together() {
    var slots = ExpertSlots(slotCount: 3, layerCount: 1, expertsPerLayer: 8)
    for experts in [[0, 1, 2], [1, 2], [1, 2], [1, 2]] {
      slots.beginPass()
      _ = slots.admit(experts)
    }
    // 0 is worth least and is needed.
    #expect(slots.admit([0, 4, 5]).compactMap(\.evicted).sorted() == [1, 2])
    #expect(Set(slots.held) == [0, 4, 5])
  }

  @Test("Of equals the one goes whose layer comes again last")
  func layers() {
    var slots = ExpertSlots(slotCount: 3, layerCount: 4, expertsPerLayer: 2)
    slots.beginPass()
    for layer in 0..<3 { _ = slots.admit([slots.number(0, layer: layer)]) }
    #expect(slots.admit([slots.number(0, layer: 3)]).first?.evicted == slots.number(0, layer: 2))
  }

  @Test("Every expert has one slot and every slot one expert, whatever happens")
  func invariants() {
    var slots = ExpertSlots(slotCount: 7, layerCount: 3, expertsPerLayer: 16)
    var state: UInt64 = 1
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for _ in 0..<500 {
      slots.beginPass()
      for layer in 0..<3 {
        let wanted = Set((0..<1 + random(7)).map { _ in slots.number(random(16), layer: layer) })
        let missing = wanted.filter { slots.slot(of: $0) == nil }
        let loads = slots.admit(wanted)
        #expect(Set(loads.map(\.expert)) == missing)
        for expert in wanted { #expect(slots.slot(of: expert).map { slots.held[$0] } == expert) }
        let held = slots.held.compactMap(\.self)
        #expect(Set(held).count == held.count)
        #expect((0..<48).count { slots.slot(of: $0) != nil } == held.count)
      }
    }
  }
}
