package picture

import (
	"encoding/xml"
	"regexp"
	"slices"
	"strings"
)

// verdict is what becomes of an element.
type verdict int

const (
	drop verdict = iota
	keep
	refuse
)

// judge decides on an element by name and namespace. Names are compared as XML does, by case: <SCRIPT> is a stranger
// like any other. A link becomes a group, so that what it surrounds is still seen.
func judge(n xml.Name) (name string, v verdict) {
	if n.Space != svgSpace && n.Space != "" {
		return n.Local, drop
	}
	switch n.Local {
	case "svg", "g", "defs", "symbol", "use", "switch", "title", "desc", "style",
		"path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "textPath",
		"linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern", "marker",
		"filter", "feBlend", "feColorMatrix", "feComponentTransfer", "feFuncR", "feFuncG", "feFuncB", "feFuncA",
		"feComposite", "feDropShadow", "feFlood", "feGaussianBlur", "feMerge", "feMergeNode", "feMorphology", "feOffset":
		return n.Local, keep
	case "a":
		return "g", keep
	case "image", "feImage":
		return n.Local, refuse
	}
	return n.Local, drop
}

// isShape says whether an element shows something by itself.
func isShape(name string) bool {
	switch name {
	case "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "use":
		return true
	}
	return false
}

func holdsText(name string) bool {
	switch name {
	case "text", "tspan", "textPath", "title", "desc", "style":
		return true
	}
	return false
}

// form is what a value must look like.
type form int

const (
	formNone form = iota
	formID
	formClasses
	formNumbers // numbers and lengths, separated by spaces or commas
	formPath
	formTransform
	formKeywords
	formFont
	formPaint
	formReference // none or url(#id)
	formFragment  // #id
	formStyle
)

var (
	wordPattern      = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$`)
	classesPattern   = regexp.MustCompile(`^-?[A-Za-z_][A-Za-z0-9_-]{0,63}( -?[A-Za-z_][A-Za-z0-9_-]{0,63}){0,15}$`)
	numbersPattern   = regexp.MustCompile(`^([+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?(px|pt|pc|mm|cm|in|em|ex|rem|deg|%)?[ ,]*)+$`)
	pathPattern      = regexp.MustCompile(`^[MmZzLlHhVvCcSsQqTtAaEe0-9+.,\- ]*$`)
	transformPattern = regexp.MustCompile(`^((matrix|translate|scale|rotate|skewX|skewY) ?\([0-9eE+.,\- ]*\)[ ,]*)+$`)
	keywordsPattern  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,39}( [A-Za-z][A-Za-z0-9-]{0,39}){0,4}$`)
	fontPattern      = regexp.MustCompile(`^[\p{L}\p{N} ,'"_.-]{1,200}$`)
	colourPattern    = regexp.MustCompile(`^(#[0-9A-Fa-f]{3,8}|[A-Za-z][A-Za-z-]{0,39}|(rgb|rgba|hsl|hsla)\([0-9., %/deg+-]{1,80}\))$`)
	referencePattern = regexp.MustCompile(`^url\( ?(?:#([A-Za-z_][A-Za-z0-9_.:-]*)|"#([A-Za-z_][A-Za-z0-9_.:-]*)"|'#([A-Za-z_][A-Za-z0-9_.:-]*)') ?\)`)
)

// propertyForm gives the form of a presentation property, which may stand as an attribute or in a style (SVG 2 §6.6).
func propertyForm(name string) form {
	switch name {
	case "fill", "stroke":
		return formPaint
	case "color", "stop-color", "flood-color":
		return formPaint
	case "clip-path", "mask", "filter", "marker-start", "marker-mid", "marker-end":
		return formReference
	case "opacity", "fill-opacity", "stroke-opacity", "stop-opacity", "flood-opacity", "stroke-width", "stroke-dashoffset",
		"stroke-miterlimit", "font-size", "letter-spacing", "word-spacing":
		return formNumbers
	case "stroke-dasharray", "baseline-shift", "font-weight", "font-stretch": // numbers or a keyword
		return formNumbers
	case "fill-rule", "clip-rule", "stroke-linecap", "stroke-linejoin", "display", "visibility", "overflow", "isolation",
		"mix-blend-mode", "paint-order", "vector-effect", "shape-rendering", "text-rendering", "color-interpolation",
		"color-interpolation-filters", "font-style", "font-variant", "text-anchor", "text-decoration", "dominant-baseline",
		"alignment-baseline", "direction", "writing-mode", "mask-type":
		return formKeywords
	case "font-family":
		return formFont
	}
	return formNone
}

// attributeForm gives the form of an attribute on an element.
func attributeForm(element, name string) form {
	switch name {
	case "id":
		return formID
	case "class":
		return formClasses
	case "style":
		return formStyle
	case "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy", "fr", "dx", "dy", "rotate", "width", "height",
		"viewBox", "points", "offset", "textLength", "startOffset", "pathLength", "refX", "refY", "markerWidth", "markerHeight",
		"stdDeviation", "values", "tableValues", "slope", "intercept", "amplitude", "exponent", "k1", "k2", "k3", "k4", "radius":
		return formNumbers
	case "d":
		return formPath
	case "transform", "gradientTransform", "patternTransform":
		return formTransform
	case "preserveAspectRatio", "gradientUnits", "spreadMethod", "clipPathUnits", "maskUnits", "maskContentUnits", "patternUnits",
		"patternContentUnits", "markerUnits", "orient", "filterUnits", "primitiveUnits", "in", "in2", "result", "mode", "operator",
		"type", "lengthAdjust", "method", "spacing", "side", "xml:space":
		if element == "style" { // there `type` names a media type, and text/css is what it is anyway
			return formNone
		}
		return formKeywords
	case "href":
		switch element {
		case "use", "linearGradient", "radialGradient", "pattern", "textPath":
			return formFragment
		}
		return formNone
	}
	return propertyForm(name)
}

// cleanAttribute gives the value in canonical form; ok is false when it must not stay.
func cleanAttribute(element, name, value string) (clean string, ok bool) {
	f := attributeForm(element, name)
	if f == formStyle {
		clean = joinDeclarations(parseDeclarations(value))
		return clean, clean != ""
	}
	return cleanValue(f, value)
}

// cleanValue collapses white space and matches the value with its form. None of the forms can hold a scheme, an
// address, a bracket, a quote outside a font's name, a backslash or a function beyond those named.
func cleanValue(f form, value string) (string, bool) {
	v := strings.Join(strings.Fields(value), " ")
	switch f {
	case formID:
		return v, wordPattern.MatchString(v)
	case formClasses:
		return v, classesPattern.MatchString(v)
	case formNumbers:
		return v, numbersPattern.MatchString(v) || keywordsPattern.MatchString(v)
	case formPath:
		return v, pathPattern.MatchString(v)
	case formTransform:
		return v, transformPattern.MatchString(v)
	case formKeywords:
		return v, keywordsPattern.MatchString(v) || numbersPattern.MatchString(v) // orient takes an angle
	case formFont:
		return v, fontPattern.MatchString(v)
	case formPaint:
		return cleanPaint(v)
	case formReference:
		if id, rest, found := cutReference(v); found && rest == "" {
			return "url(#" + id + ")", true
		}
		return v, v == "none"
	case formFragment:
		id, found := strings.CutPrefix(v, "#")
		return v, found && wordPattern.MatchString(id)
	case formNone, formStyle:
	}
	return "", false
}

// cleanPaint takes a colour, or a reference with perhaps a colour to fall back to.
func cleanPaint(v string) (string, bool) {
	id, rest, found := cutReference(v)
	if !found {
		return v, colourPattern.MatchString(v)
	}
	if rest = strings.TrimSpace(rest); rest == "" {
		return "url(#" + id + ")", true
	}
	return "url(#" + id + ") " + rest, colourPattern.MatchString(rest)
}

// cutReference splits off url(#id) at the front.
func cutReference(v string) (id, rest string, found bool) {
	m := referencePattern.FindStringSubmatch(v)
	if m == nil {
		return "", v, false
	}
	return m[1] + m[2] + m[3], v[len(m[0]):], true
}

func sortAttributes(a []attr) {
	slices.SortFunc(a, func(x, y attr) int { return strings.Compare(x.name, y.name) })
}
