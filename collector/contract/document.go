package contract

import "github.com/nines-monitor/nines/internal/strict"

// document is the TOML form of a contract. docs/contract.md describes every key of it.
type document struct {
	Effective   date               `toml:"effective"`
	Demo        bool               `toml:"demo"`
	Client      clientTable        `toml:"client"`
	Contact     []contactTable     `toml:"contact"`
	Site        []siteTable        `toml:"site"`
	Defaults    timingKeys         `toml:"defaults"`
	Check       []checkTable       `toml:"check"`
	Service     []serviceTable     `toml:"service"`
	Calendar    []calendarTable    `toml:"calendar"`
	SLO         []sloTable         `toml:"slo"`
	Maintenance []maintenanceTable `toml:"maintenance"`
	Report      *reportTable       `toml:"report"`
	Response    strict.NotYet      `toml:"response"`
	Escalation  strict.NotYet      `toml:"escalation"`
}

type clientTable struct {
	ID       string        `toml:"id"`
	Name     string        `toml:"name"`
	TimeZone string        `toml:"time_zone"`
	Language string        `toml:"language"`
	Currency strict.NotYet `toml:"currency"`
	Brand    strict.NotYet `toml:"brand"`
}

type contactTable struct {
	ID    string   `toml:"id"`
	Name  string   `toml:"name"`
	Email string   `toml:"email"`
	Gets  []string `toml:"gets"`
}

type siteTable struct {
	ID      string        `toml:"id"`
	Name    string        `toml:"name"`
	Witness strict.NotYet `toml:"witness"`
}

// timingKeys are the keys of defaults, which every check may set for itself.
type timingKeys struct {
	Interval      *duration `toml:"interval"`
	Timeout       *duration `toml:"timeout"`
	RetryInterval *duration `toml:"retry_interval"`
	StaleAfter    *duration `toml:"stale_after"`
	DownAfter     *int      `toml:"down_after"`
	UpAfter       *int      `toml:"up_after"`
}

type checkTable struct {
	ID   string `toml:"id"`
	Site string `toml:"site"`

	Interval      *duration `toml:"interval"`
	Timeout       *duration `toml:"timeout"`
	RetryInterval *duration `toml:"retry_interval"`
	StaleAfter    *duration `toml:"stale_after"`
	DownAfter     *int      `toml:"down_after"`
	UpAfter       *int      `toml:"up_after"`

	ICMP *icmpTable `toml:"icmp"`
	HTTP *httpTable `toml:"http"`
	TCP  *tcpTable  `toml:"tcp"`

	DNS       strict.NotYet `toml:"dns"`
	TLS       strict.NotYet `toml:"tls"`
	Heartbeat strict.NotYet `toml:"heartbeat"`
	Agents    strict.NotYet `toml:"agents"`
	Blame     strict.NotYet `toml:"blame"`
}

func (t checkTable) timing() timingKeys {
	return timingKeys{t.Interval, t.Timeout, t.RetryInterval, t.StaleAfter, t.DownAfter, t.UpAfter}
}

type icmpTable struct {
	Host    string   `toml:"host"`
	Packets *int     `toml:"packets"`
	MaxLoss *percent `toml:"max_loss"`
}

type httpTable struct {
	URL        string    `toml:"url"`
	Method     string    `toml:"method"`
	Status     []string  `toml:"status"`
	Body       string    `toml:"body"`
	MaxLatency *duration `toml:"max_latency"`
	VerifyTLS  *bool     `toml:"verify_tls"`
}

type tcpTable struct {
	Address string `toml:"address"`
}

type serviceTable struct {
	ID        string        `toml:"id"`
	Name      string        `toml:"name"`
	UpWhen    any           `toml:"up_when"` // a check id, or a table of all, any, or quorum and of
	Runbook   string        `toml:"runbook"`
	DependsOn strict.NotYet `toml:"depends_on"`
}

type calendarTable struct {
	ID       string      `toml:"id"`
	TimeZone string      `toml:"time_zone"`
	Rules    []ruleTable `toml:"rules"`
	Closed   []date      `toml:"closed"`
}

type ruleTable struct {
	Days []string `toml:"days"`
	From clock    `toml:"from"`
	To   clock    `toml:"to"`
}

type sloTable struct {
	ID          string       `toml:"id"`
	Service     string       `toml:"service"`
	Objective   percent      `toml:"objective"`
	Window      string       `toml:"window"`
	Calendar    string       `toml:"calendar"`
	Unknown     string       `toml:"unknown"`
	MinCoverage *percent     `toml:"min_coverage"`
	Maintenance *policyTable `toml:"maintenance"`

	Excuses    strict.NotYet `toml:"excuses"`
	MaxOutages strict.NotYet `toml:"max_outages"`
	Credits    strict.NotYet `toml:"credits"`
	MonthlyFee strict.NotYet `toml:"monthly_fee"`
	ReviewBy   strict.NotYet `toml:"review_by"`
	GoodWhen   strict.NotYet `toml:"good_when"`
}

type policyTable struct {
	Notice   *duration `toml:"notice"`
	Cap      *duration `toml:"cap"`
	CountsAs string    `toml:"counts_as"`
}

type maintenanceTable struct {
	ID          string    `toml:"id"`
	Title       string    `toml:"title"`
	Services    []string  `toml:"services"`
	Start       moment    `toml:"start"`
	End         moment    `toml:"end"`
	TimeZone    string    `toml:"time_zone"`
	Duration    *duration `toml:"duration"`
	RRule       string    `toml:"rrule"`
	Except      []moment  `toml:"except"`
	AnnouncedAt moment    `toml:"announced_at"`
}

type reportTable struct {
	SendOn  *string       `toml:"send_on"`
	To      []string      `toml:"to"`
	Approve strict.NotYet `toml:"approve"`
}
