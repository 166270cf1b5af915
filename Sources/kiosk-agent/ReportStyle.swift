/// How the report looks: by day, by night and on paper.
enum ReportStyle {
    /// No `<` and no `&` in it: it stands in XML as it is. The six colours can be told apart by the colour-blind
    /// (Okabe and Ito); the darker ones of the day have at least three to one against the paper.
    static let css = """
        :root { --paper: #fdfdfc; --ink: #1d2126; --faint: #5d6570; --rule: #d9dde2; --tile: #f1f3f5;
          --c0: #0072b2; --c1: #d55e00; --c2: #00855f; --c3: #a04f82; --c4: #8a6d00; --c5: #555b66; }
        @media (prefers-color-scheme: dark) { :root { --paper: #15181c; --ink: #e6e8eb; --faint: #9aa3ae;
          --rule: #343a42; --tile: #1f242a; --c0: #56b4e9; --c1: #e69f00; --c2: #2bc49a; --c3: #d59ac0;
          --c4: #e8df5a; --c5: #a7afba; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 52rem; background: var(--paper);
          color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
        h1 { font-size: 1.7rem; margin: 0; }
        h2 { font-size: 1.2rem; margin: 2.4rem 0 .6rem; border-bottom: 1px solid var(--rule); padding-bottom: .2rem; }
        header p { margin: .2rem 0 0; color: var(--faint); }
        code { font-size: .92em; }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.6rem, 1fr)); gap: .6rem;
          margin: 1.2rem 0 0; }
        .tiles div { background: var(--tile); border-radius: .4rem; padding: .6rem .8rem; display: flex;
          flex-direction: column-reverse; justify-content: flex-end; }
        .tiles dt { color: var(--faint); font-size: .82rem; line-height: 1.3; }
        .tiles dd { margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
        figure { margin: 1rem 0 0; }
        figcaption { font-weight: 600; font-size: .95rem; }
        svg { display: block; width: 100%; height: auto; margin: .4rem 0; }
        svg text { fill: var(--faint); font-size: 12px; }
        svg .y { text-anchor: end; }
        svg .x, svg .name { text-anchor: middle; }
        svg .key { fill: var(--ink); }
        .grid { stroke: var(--rule); }
        .axis { stroke: var(--faint); }
        .s0 { fill: var(--c0); } .s1 { fill: var(--c1); } .s2 { fill: var(--c2); }
        .s3 { fill: var(--c3); } .s4 { fill: var(--c4); } .s5 { fill: var(--c5); }
        .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
        .line.s0 { stroke: var(--c0); } .line.s1 { stroke: var(--c1); } .line.s2 { stroke: var(--c2); }
        table { border-collapse: collapse; margin: .8rem 0; font-size: .92rem; font-variant-numeric: tabular-nums; }
        th, td { padding: .2rem .9rem .2rem 0; text-align: right; vertical-align: top;
          border-bottom: 1px solid var(--rule); }
        td { white-space: nowrap; }
        th { font-weight: normal; text-align: left; overflow-wrap: anywhere; }
        thead th { color: var(--faint); }
        thead th + th { text-align: right; }
        summary { color: var(--faint); font-size: .9rem; cursor: pointer; }
        details[open] { overflow-x: auto; }
        @media print { body { max-width: none; padding: 0; background: none; } details { display: none; }
          section { break-inside: avoid; } h2 { break-after: avoid; }
          * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
        """
}
