// The style sheet of a page.

/// The style sheet. Colors are custom properties with a light and a dark set; text has a contrast of at least 4.5 on
/// its background, and the parts of pictures one of 3.
enum PageStyle {
  /// A curve that keeps its level, as the icon of the page.
  static let icon =
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='3' fill='%230b62a8'/%3E%3Cpath d='M2 9c2-5 3-5 5-1s3 3 7-2' fill='none' stroke='%23fff' stroke-width='2'/%3E%3C/svg%3E"

  static let sheet = """

    :root{color-scheme:light dark;\(PictureStyle.lightColors)\(light)}
    @media (prefers-color-scheme:dark){:root{\(PictureStyle.darkColors)\(dark)}}
    @media print{:root{color-scheme:light;\(PictureStyle.lightColors)\(light)}}
    \(base)\(parts)\(tables)\(narrow)\(print)\(PictureStyle.shapes)

    """

  private static let light = """
    --page:#fbfbfa;--surface:#fff;--line:#dfe3e7;--link:#0b62a8;--soft:#f1f3f5;\
    --error:#b3261e;--errorbg:#fdecea;--warning:#7d5200;--warningbg:#fdf3dc;--information:#0b5b9b;\
    --informationbg:#e9f2fa;--good:#1d6b45;--goodbg:#e7f5ed;
    """
  private static let dark = """
    --page:#13161a;--surface:#1a1e23;--line:#2f363d;--link:#7cbcf5;--soft:#22272d;\
    --error:#ff9c94;--errorbg:#3b1d1b;--warning:#f0c061;--warningbg:#362a11;--information:#86c0f4;\
    --informationbg:#14293b;--good:#7fd3a4;--goodbg:#12301f;
    """

  private static let base = """
    *{box-sizing:border-box}
    html{font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif;-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--page);color:var(--ink)}
    body>header,body>nav,main,body>footer{width:calc(100% - 56px);max-width:1104px;margin:0 auto}
    h1,h2,h3{line-height:1.25;text-wrap:balance;overflow-wrap:anywhere;font-weight:650}
    h1{font-size:2rem;letter-spacing:-.02em;margin:.1em 0 .3em}
    h2{font-size:1.3rem;letter-spacing:-.01em;margin:0 0 .8rem}
    h3{font-size:1rem;margin:1.6rem 0 .5rem}
    h3 code{font-size:.96em}
    p{margin:0 0 .7rem;max-width:76ch;overflow-wrap:anywhere}
    a{color:var(--link);text-underline-offset:2px}
    code{font:.9em/1.45 ui-monospace,SFMono-Regular,"Cascadia Mono","DejaVu Sans Mono",Menlo,Consolas,"Liberation Mono",monospace;overflow-wrap:anywhere;unicode-bidi:isolate}
    small{font-size:.86em;color:var(--muted);font-weight:400}
    dl,dd,ol,ul{margin:0;padding:0}
    :focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:3px}
    [hidden]{display:none!important}
    .skip{position:absolute;left:-999rem;top:0;background:var(--surface);padding:.6rem 1rem;z-index:3}
    .skip:focus{left:1rem}
    .top{padding-top:44px}
    .kicker{font-size:.8rem;letter-spacing:.08em;text-transform:uppercase;color:var(--muted);margin:0}
    .verdict{font-size:1.12rem;color:var(--muted)}
    nav{position:sticky;top:0;z-index:2;display:flex;flex-wrap:wrap;gap:.2rem 1.3rem;padding:.75rem 0;background:var(--page);border-bottom:1px solid var(--line)}
    nav a{text-decoration:none;font-weight:550;font-size:.93rem}
    nav a:hover{text-decoration:underline}
    section{padding-top:2.4rem;margin-bottom:1rem;scroll-margin-top:2.2rem}
    .lead,.note,.none{color:var(--muted)}
    footer{padding:2rem 0 3rem;color:var(--muted);font-size:.86rem}

    """

  private static let parts = """
    .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,330px),1fr));gap:18px}
    .card{background:var(--surface);border:1px solid var(--line);border-radius:10px;padding:16px 20px 18px}
    .card h3{display:flex;align-items:center;gap:.6rem;margin:0 0 .6rem;font-size:1.05rem}
    .sample{width:32px;height:12px;flex:none}
    .badges{margin:0 0 .7rem}
    .card dl>div{break-inside:avoid;display:grid;grid-template-columns:7.2rem 1fr;gap:.6rem;padding:.3rem 0;border-top:1px solid var(--line);font-size:.93rem}
    .card dt{color:var(--muted)}
    .card dd{overflow-wrap:anywhere;font-variant-numeric:tabular-nums;min-width:0}
    .card dd small{display:block}
    .to{color:var(--muted)}
    .sev{display:inline-flex;align-items:center;gap:.4em;padding:.08em .62em .1em .3em;border-radius:99px;font-size:.82rem;font-weight:600;white-space:nowrap}
    .sev b{display:inline-grid;place-items:center;width:1.35em;height:1.35em;border-radius:50%;color:var(--surface);font-size:.82em;line-height:1}
    .error>b{background:var(--error)}.warning>b{background:var(--warning)}.information>b{background:var(--information)}
    .sev.error{color:var(--error);background:var(--errorbg)}
    .sev.warning{color:var(--warning);background:var(--warningbg)}
    .sev.information{color:var(--information);background:var(--informationbg)}
    .sev.good{color:var(--good);background:var(--goodbg);padding-left:.62em}
    .findings{list-style:none}
    .findings>li{background:var(--surface);border:1px solid var(--line);border-left:4px solid var(--line);border-radius:8px;padding:12px 18px;margin:0 0 10px;scroll-margin-top:3.4rem;content-visibility:auto;contain-intrinsic-size:auto 110px}
    .findings>li.error{border-left-color:var(--error)}
    .findings>li.warning{border-left-color:var(--warning)}
    .findings>li.information{border-left-color:var(--information)}
    .findings>li:target{outline:3px solid var(--link)}
    .findings p:last-child{margin:0}
    .head{margin:0 0 .35rem;max-width:none}
    .rule{font-weight:650}
    .place{color:var(--muted);margin-left:.3rem;font-size:.93rem}
    .fix{display:flex;gap:.8rem;align-items:baseline;background:var(--soft);border-radius:6px;padding:.4rem .8rem;margin-top:.2rem}
    .fix span{font-size:.82rem;font-weight:600;color:var(--muted)}
    .fix code{white-space:pre-wrap;min-width:0}
    .reason{color:var(--muted)}
    .charts{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:18px;margin-bottom:1.1rem}
    .cards:has(>:only-child) dl{columns:2 20rem;column-gap:2.5rem}
    figure{margin:0 0 18px;background:var(--surface);border:1px solid var(--line);border-radius:10px;padding:16px 20px 12px;min-width:0}
    .charts figure{margin:0;display:grid;grid-row:span 2;grid-template-rows:subgrid;gap:0}
    figcaption h3{margin:0 0 .2rem}
    figcaption p{color:var(--muted);font-size:.93rem}
    .chart{display:block;width:100%;height:auto;font-family:inherit;font-variant-numeric:tabular-nums}
    .chart.narrow{display:none}
    details{margin:.6rem 0}
    summary{cursor:pointer;color:var(--link);width:fit-content;overflow-wrap:anywhere}
    summary h3{display:inline;margin:0}
    .run>summary{color:var(--ink)}
    .notes{max-width:none;padding-left:1.2em}.notes li{max-width:76ch;overflow-wrap:anywhere;margin-bottom:.3rem}
    .declared>div{display:grid;grid-template-columns:11rem 1fr;gap:1rem;padding:.5rem 0;border-top:1px solid var(--line)}
    .declared dt{overflow-wrap:anywhere}
    .declared small{display:block}
    .declared ul{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1.4rem;min-width:0}
    .tools{display:flex;flex-wrap:wrap;gap:.5rem 1.2rem;align-items:center;margin:0 0 .9rem;font-size:.93rem}
    .tools label{color:var(--muted)}
    input,select{font:inherit;color:inherit;background:var(--surface);border:1px solid var(--axis);border-radius:6px;padding:.25rem .55rem;margin-left:.3rem}
    output{color:var(--muted)}

    """

  private static let tables = """
    .tensors,.tensors thead,.tensors tbody{display:block}
    .tensors{font-size:.93rem;font-variant-numeric:tabular-nums;background:var(--surface);border:1px solid var(--line);border-radius:10px;overflow:hidden;overflow:clip}
    .tensors tr{display:grid;grid-template-columns:minmax(0,1fr) 8.4rem 168px 5.4rem 5.4rem 5.4rem 4.6rem;column-gap:16px;align-items:center;padding:7px 18px}
    .tensors tbody tr{border-top:1px solid var(--line);content-visibility:auto;contain-intrinsic-size:auto 56px}
    .tensors th,.tensors td{text-align:left;padding:0;font-weight:400;min-width:0;overflow-wrap:anywhere}
    .tensors thead th{color:var(--muted);font-size:.86rem}
    .tensors td:nth-child(n+4),.tensors thead th:nth-child(n+4){text-align:right}
    .tensors td small{display:block}
    .tensors thead button{font:inherit;color:inherit;background:none;border:0;padding:.1rem 0;cursor:pointer}
    .tensors thead button:hover{color:var(--ink);text-decoration:underline}
    th[aria-sort] button{color:var(--ink);font-weight:650}
    th[aria-sort=ascending] button::after{content:" ↑"}
    th[aria-sort=descending] button::after{content:" ↓"}
    .hist{display:block;width:168px;height:40px}
    .scheme{color:var(--muted);font-size:.9em}
    .mark{display:inline-block;font-size:.8rem;font-weight:600;text-decoration:none;border-radius:99px;padding:0 .6em}
    .mark:hover{text-decoration:underline}
    .mark.error{color:var(--error);background:var(--errorbg)}
    .mark.warning{color:var(--warning);background:var(--warningbg)}
    .mark.information{color:var(--information);background:var(--informationbg)}
    .tensors tbody th{display:flex;flex-wrap:wrap;column-gap:.8rem;align-items:baseline}
    .tensors tbody th>code,.tensors tbody th>em{flex:1 0 100%;min-width:0}
    .tensors details{margin:0;font-size:.9em}
    .tensors details[open]{flex:1 0 100%;min-width:0}
    .facts{display:grid;grid-template-columns:8rem minmax(0,1fr);gap:.1rem .8rem;padding:.3rem 0 .4rem}
    .facts dt{color:var(--muted)}
    .facts dd{overflow-wrap:anywhere}
    .counts{overflow-wrap:normal;word-spacing:.15em}
    .scroll{overflow-x:auto;max-width:100%}
    .plain{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums;background:var(--surface);border:1px solid var(--line);width:100%}
    .plain th,.plain td{padding:.32rem .7rem;border-bottom:1px solid var(--line);text-align:right;font-weight:400;vertical-align:baseline}
    .plain thead th{color:var(--muted);white-space:nowrap}
    .plain thead th[colspan]{text-align:center}
    .plain td{white-space:nowrap}
    .layers th:nth-child(-n+3),.layers td:nth-child(3){text-align:left}
    .plain tbody th,.plain thead th:first-child,.plain.recipe :is(td,th):nth-child(-n+3){text-align:left}
    .recipe :is(td,th):last-child{text-align:left}.plain.recipe td,.plain.recipe tbody th{vertical-align:middle}
    .plain tbody th{min-width:11rem;overflow-wrap:anywhere}
    .plain.recipe td:nth-child(2){white-space:normal;overflow-wrap:anywhere;min-width:8rem}
    .times{white-space:nowrap;color:var(--muted)}
    .spark{display:block;width:96px;height:22px}

    """

  /// Below 860 pixels the pictures stand one below the other, and a row of tensors becomes a card.
  private static let narrow = """
    @media screen and (max-width:860px){
    .charts{grid-template-columns:minmax(0,1fr)}
    .tensors thead{display:none}
    .tensors tr{grid-template-columns:repeat(4,minmax(0,1fr));gap:6px 12px;padding:12px 16px;align-items:start}
    .tensors tbody tr:first-child{border-top:0}
    .tensors tbody tr{contain-intrinsic-size:auto 190px}
    .tensors tr>:nth-child(1){grid-column:1/-1}
    .tensors tr>:nth-child(2){grid-column:span 2;text-align:left}
    .tensors tr>:nth-child(3){grid-column:span 2}
    .tensors td:nth-child(n+4){text-align:left}
    .tensors td:nth-child(n+4)::before{display:block;color:var(--muted);font-size:.82rem}
    .tensors td:nth-child(4)::before{content:"mean"}.tensors td:nth-child(5)::before{content:"std"}
    .tensors td:nth-child(6)::before{content:"promised"}.tensors td:nth-child(7)::before{content:"off by"}
    .hist{width:100%;max-width:168px}
    }
    @media screen and (max-width:560px){
    body>header,body>nav,main,body>footer{width:calc(100% - 32px)}
    h1{font-size:1.5rem}.top{padding-top:24px}
    nav{gap:.1rem 1rem}nav{position:static}
    .card,figure{padding-left:14px;padding-right:14px}
    .chart.wide{display:none}.chart.narrow{display:block}
    .fix{display:block}.fix span{display:block}
    .declared>div{grid-template-columns:1fr;gap:.2rem}
    .card dl>div{grid-template-columns:6rem 1fr}
    }

    """

  /// Everything that is folded is printed, and nothing that needs a screen.
  private static let print = """
    @media print{
    html{font-size:11px}body{background:#fff}nav,.tools,.skip,.tensors summary{display:none!important}
    body>header,main,body>footer{max-width:none;width:auto}
    section{padding-top:1.2rem}p{max-width:none}
    .tensors tr{column-gap:10px;padding:4px 8px}
    .charts,.cards{gap:10px}figure,.card{padding:10px 12px}
    figure,.card,.findings>li,.tensors tr,.plain tr{break-inside:avoid}
    h2,h3{break-after:avoid}
    .findings>li,.tensors tbody tr{content-visibility:visible}
    .scroll{overflow:visible}
    .run::details-content,.numbers::details-content{content-visibility:visible;block-size:auto}
    *{print-color-adjust:exact;-webkit-print-color-adjust:exact}
    }

    """
}
