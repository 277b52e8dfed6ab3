// Package paper turns a template into HTML that mail clients show as it was meant: one small
// stylesheet, written into the elements, because many of them drop everything else.
//
// It promises that every page is self-contained (no script, no image, nothing fetched), prints
// on A4, and is readable in light and dark. It refuses to escape: html/template does that.
package paper

import (
	_ "embed"
	"fmt"
	"html/template"
	"regexp"
	"strings"
)

var (
	//go:embed paper.css
	rules string
	//go:embed media.css
	media string
	//go:embed frame.html
	frame string
)

var (
	rulePattern  = regexp.MustCompile(`(?m)^\.([a-z0-9-]+) *\{([^}]*)\}`)
	classPattern = regexp.MustCompile(`class="([a-z0-9 -]*)"`)
	spaces       = regexp.MustCompile(`\s+`)
)

// Parse makes a page of a template that defines "title" and "body"; both get the page's data.
// Each class that it names must have a rule in the stylesheet, which is written into the
// element; a rule may be empty, for classes that media.css alone dresses. Elements with a class
// must have no style attribute of their own.
func Parse(name, body string, funcs template.FuncMap) (*template.Template, error) {
	styled, err := inline(frame + body)
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	styled = strings.Replace(styled, "/* media */", media, 1)
	return template.New(name).Funcs(funcs).Parse(styled)
}

// inline adds to each class attribute a style attribute with the rules of its classes.
func inline(source string) (string, error) {
	styles := make(map[string]string)
	for _, rule := range rulePattern.FindAllStringSubmatch(rules, -1) {
		styles[rule[1]] = strings.TrimSpace(spaces.ReplaceAllString(rule[2], " "))
	}
	var unknown []string
	styled := classPattern.ReplaceAllStringFunc(source, func(attribute string) string {
		var style []string
		for class := range strings.FieldsSeq(classPattern.FindStringSubmatch(attribute)[1]) {
			declarations, ok := styles[class]
			if !ok {
				unknown = append(unknown, class)
			}
			if declarations != "" {
				style = append(style, declarations)
			}
		}
		if style == nil {
			return attribute
		}
		return attribute + ` style="` + strings.Join(style, " ") + `"`
	})
	if unknown != nil {
		return "", fmt.Errorf("classes without a rule: %v", unknown)
	}
	return styled, nil
}
