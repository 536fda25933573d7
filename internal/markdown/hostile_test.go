package markdown_test

// hostile are texts by which authors have run scripts in other learning platforms and forums.
var hostile = []string{
	`<script>alert(1)</script>`, `<SCRIPT SRC=//evil.example/x.js></SCRIPT>`, `<scr<script>ipt>alert(1)</script>`,
	`<img src=x onerror=alert(1)>`, `<svg onload=alert(1)>`, `<svg><script>alert(1)</script></svg>`, `<math><mtext></p><img src onerror=alert(1)></mtext></math>`,
	`<iframe src="javascript:alert(1)"></iframe>`, `<object data="data:text/html,x">`, `<form action="javascript:alert(1)"><button>x</button></form>`,
	`<a href="javascript:alert(1)">x</a>`, `<style>@import "//evil.example";</style>`, `<link rel=stylesheet href=//evil.example>`, `<meta http-equiv=refresh content="0;url=//evil.example">`,
	`<base href="//evil.example/">`, `<input autofocus onfocus=alert(1)>`, `<details open ontoggle=alert(1)>`, `<video><source onerror=alert(1)>`, `<marquee onstart=alert(1)>`,
	`<!--><img src=x onerror=alert(1)>-->`, `<!-- > --><script>alert(1)</script>`, `<![CDATA[<script>alert(1)</script>]]>`, `<?xml version="1.0"?><x/>`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<table><td background="javascript:alert(1)">`, `<div style="background:url(javascript:alert(1))">`,
	"[x](javascript:alert(1))", "[x](javascript&colon;alert(1))", "[x](&#x6A;avascript:alert(1))", "[x](java\tscript:alert(1))", "[x](<java\nscript:alert(1)>)", "[x](data:text/html,<script>alert(1)</script>)",
	"[x]: javascript:alert(1)\n\n[x]", "![x](javascript:alert(1))", "![x](data:image/svg+xml;base64,PHN2Zz4=)", `![x"onerror="alert(1)](y)`, `![x](y "onerror=alert(1)")`, `![x](y"onerror="alert\(1\))`,
	`[x](https://example.com "a\" onmouseover=\"alert(1)")`, "[x](https://example.com/\"onclick=alert(1)//)", "[x](http://example.com\\\" onclick=alert(1))", "<javascript:alert(1)>", "<https://example.com/\"onclick=\"alert(1)>",
	"https://example.com/\"onmouseover=\"alert(1)", "www.example.com/<script>alert(1)</script>", "[a](//evil.example)", "[a](/\\evil.example)", "[a](\\\\evil.example)",
	"```\"><script>alert(1)</script>\nx\n```", "```js onclick=alert(1)\nx\n```", "`<img src=x onerror=alert(1)>`", "    <script>alert(1)</script>",
	"| <script>alert(1)</script> |\n|--|\n| <img src=x onerror=alert(1)> |", "| a |\n|:-:\" onclick=alert(1)|", "# <b onclick=alert(1)>x</b> {#id onclick=alert(1)}", "# x {onclick=alert(1)}", "[x](y){onclick=alert(1)}",
	"[^<script>]: x\n\ny[^<script>]", "x[^1]\n\n[^1]: <img src=x onerror=alert(1)>", "[^\"onclick=alert(1)]\n\n[^\"onclick=alert(1)]: x", "- [x<script>alert(1)</script>] y", "~~<script>alert(1)</script>~~",
	"&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;alert(1)&#60;/script&#62;", "\\<script>alert(1)\\</script>", "<a\x00href=x>", "\x00<script\x00>alert(1)</script>", "[x](\x01javascript:alert(1))", "<<script>alert(1)//<</script>", "*<img src=x onerror=alert(1)>*",
}
