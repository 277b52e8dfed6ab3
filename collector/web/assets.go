package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"path"
	"time"

	"github.com/nines-monitor/nines/collector/words"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"dated": func(now int64, model any) dated { return dated{model, now} },
	"aged":  newAged,
	"count": words.Count,
}).ParseFS(templateFiles, "templates/*.html"))

// assetNames are the addresses of what the pages load, with a mark of the content: a browser
// keeps a file for as long as it likes, and asks for another name when the file is another.
type assetNames struct{ CSS, JS, Icon string }

var assets = assetNames{marked("nines.css"), marked("nines.js"), marked("nines.svg")}

func marked(file string) string {
	content, err := staticFiles.ReadFile(path.Join("static", file))
	if err != nil {
		panic(err) // not embedded: a build cannot be like that
	}
	sum := sha256.Sum256(content)
	return "/static/" + file + "?v=" + hex.EncodeToString(sum[:6])
}

func (s *Site) showStatic(w http.ResponseWriter, r *http.Request) error {
	file := r.PathValue("file")
	content, err := staticFiles.ReadFile(path.Join("static", file))
	if err != nil {
		return refusal{http.StatusNotFound, "no such file"}
	}
	if r.URL.RawQuery != "" {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, file, time.Time{}, bytes.NewReader(content))
	return nil
}
