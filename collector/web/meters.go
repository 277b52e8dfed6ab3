package web

import (
	"net/http"
	"strconv"

	"github.com/VictoriaMetrics/metrics"
)

// meters are the site's own metrics.
type meters struct {
	set     *metrics.Set
	viewers *metrics.Gauge
	builds  *metrics.PrometheusHistogram
	faults  *metrics.Counter
}

func newMeters() meters {
	set := metrics.NewSet()
	return meters{
		set:     set,
		viewers: set.NewGauge("nines_web_live_viewers", nil),
		builds:  set.NewPrometheusHistogram("nines_web_overview_seconds"),
		faults:  set.NewCounter("nines_web_overview_faults_total"),
	}
}

// counted counts answers by the first digit of their status.
func (s *Site) counted(next http.Handler) http.Handler {
	byClass := map[int]*metrics.Counter{}
	for class := 1; class <= 5; class++ {
		byClass[class] = s.meters.set.NewCounter(`nines_web_answers_total{status="` + strconv.Itoa(class) + `xx"}`)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noted := &noting{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(noted, r)
		if c := byClass[noted.status/100]; c != nil {
			c.Inc()
		}
	})
}

// noting remembers the status of an answer.
type noting struct {
	http.ResponseWriter
	status int
}

func (w *noting) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *noting) Unwrap() http.ResponseWriter { return w.ResponseWriter }
