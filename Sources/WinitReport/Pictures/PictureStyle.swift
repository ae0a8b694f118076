// The colors of pictures, on a light page, on a dark page, and in files.

/// The style of pictures. The colors of runs differ in lightness too, so that they can be told apart in gray and with
/// any color vision; each run also has a dash pattern and a marker.
enum PictureStyle {
  /// The number of colors of runs. Run 7 has the color of run 1 with another dash pattern.
  static let colorCount = 6

  /// The colors as custom properties, by the background.
  static let lightColors = """
    --r0:#0b62a8;--r1:#c4500b;--r2:#00795c;--r3:#93368a;--r4:#7d6200;--r5:#4a5158;\
    --ink:#1b1f24;--muted:#59626d;--grid:#e4e7ea;--axis:#8a939d;--bar:#a9c4de;--barline:#6f97bf;--bad:#b3261e;
    """
  static let darkColors = """
    --r0:#71b5f0;--r1:#f49a5e;--r2:#55cba6;--r3:#dd96d3;--r4:#dcbd55;--r5:#c3cad1;\
    --ink:#e8ebee;--muted:#a4aeb9;--grid:#2b3138;--axis:#77818c;--bar:#35506b;--barline:#5d83a8;--bad:#ff8f85;
    """

  /// The shapes of a picture. Every rule begins with a class that only pictures have.
  static let shapes = """
    .tx{fill:var(--muted);font-size:11.5px}.tt{fill:var(--ink);font-size:12px}.tm{font-size:10.5px;fill:var(--bad)}\
    .gl{stroke:var(--grid);stroke-width:1;fill:none}.ax{stroke:var(--axis);stroke-width:1;fill:none}\
    .out{fill:var(--bad);fill-opacity:.07}.mk{stroke:var(--bad);stroke-width:1;stroke-dasharray:2 3;fill:none}\
    .ln{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}.thin{stroke-width:1;stroke-opacity:.55}\
    .pt{stroke-width:1.5;fill-opacity:.35}.off{stroke-width:1;fill:none;stroke-opacity:.75}\
    .hb{fill:var(--bar);stroke:none}.ho{fill:none;stroke:var(--barline);stroke-width:1;stroke-opacity:.5}\
    .hd{fill:none;stroke:var(--r1);stroke-width:1.6;stroke-linejoin:round}\
    .sp{fill:none;stroke:var(--r0);stroke-width:1.4;stroke-linejoin:round}.sd{fill:var(--r0)}\
    .c0{stroke:var(--r0);fill:var(--r0)}.c1{stroke:var(--r1);fill:var(--r1)}.c2{stroke:var(--r2);fill:var(--r2)}\
    .c3{stroke:var(--r3);fill:var(--r3)}.c4{stroke:var(--r4);fill:var(--r4)}.c5{stroke:var(--r5);fill:var(--r5)}\
    .c0.ln,.c1.ln,.c2.ln,.c3.ln,.c4.ln,.c5.ln,.c0.off,.c1.off,.c2.off,.c3.off,.c4.off,.c5.off{fill:none}\
    .d1{stroke-dasharray:7 4}.d2{stroke-dasharray:1.5 4}.d3{stroke-dasharray:9 3 2 3}.d4{stroke-dasharray:4 2.5}
    """
  /// The number of dash patterns.
  static let dashCount = 5

  /// The style sheet of a file. Programs that draw SVG for papers do not know custom properties, so each color stands
  /// in its place.
  static let file: String = {
    var sheet = "text{font-family:Helvetica,Arial,'Liberation Sans','DejaVu Sans',sans-serif}" + shapes
    for property in lightColors.split(separator: ";") {
      let parts = property.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { sheet = sheet.replacing("var(\(parts[0]))", with: parts[1]) }
    }
    return sheet
  }()
}
