package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/nines-monitor/nines/internal/cli"
)

type agentCmd struct {
	Register registerCmd `cmd:"" help:"Let the agent with a public key report for a site."`
	Revoke   revokeCmd   `cmd:"" help:"Refuse an agent from now on. What it has observed stays."`
}

type revokeCmd struct {
	stateFlags
	Client string `required:"" help:"The client's id."`
	ID     string `required:"" name:"id" help:"The agent's id."`
}

func (c revokeCmd) Run(ctx context.Context, s cli.Streams) error {
	path := "/api/v1/agents/" + url.PathEscape(c.Client) + "/" + url.PathEscape(c.ID)
	if err := c.callAPI(ctx, http.MethodDelete, path, nil); err != nil {
		return fmt.Errorf("revoke agent %s: %w", c.ID, err)
	}
	_, err := fmt.Fprintf(s.Out, "Agent %s of %s is refused from now on; what it observed stays.\n", c.ID, c.Client)
	return err
}

type registerCmd struct {
	stateFlags
	Client string `required:"" help:"The client's id."`
	Site   string `required:"" help:"The site's id."`
	ID     string `required:"" name:"id" help:"A name for the agent, unique among the client's."`
	Key    string `required:"" help:"The public key, as nines-agent key prints it."`

	Replace bool `help:"Let the agent of this id have another key or site."`
}

// apiTimeout bounds a request to the running collector.
const apiTimeout = 10 * time.Second

func (c registerCmd) Run(ctx context.Context, s cli.Streams) error {
	if key, err := base64.StdEncoding.DecodeString(c.Key); err != nil || len(key) != 32 {
		return cli.Usagef("--key: want the 44 characters of a public key, as `nines-agent key` prints them")
	}
	body, err := json.Marshal(map[string]any{"client": c.Client, "site": c.Site, "id": c.ID, "public_key": c.Key, "replace": c.Replace})
	if err != nil {
		return err
	}
	if err := c.callAPI(ctx, http.MethodPost, "/api/v1/agents", body); err != nil {
		return fmt.Errorf("register agent %s: %w", c.ID, err)
	}
	_, err = fmt.Fprintf(s.Out, "Agent %s reports for site %s of %s from now on.\n", c.ID, c.Site, c.Client)
	return err
}

// callAPI asks the running collector, which the configuration tells where to find.
func (f stateFlags) callAPI(ctx context.Context, method, path string, body []byte) error {
	cfg, err := f.load()
	if err != nil {
		return err
	}
	base, err := cfg.RunningAt()
	if err != nil {
		return err
	}
	token, err := cfg.AdminToken()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%w: is the collector running?", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		var problem struct{ Error string }
		if json.Unmarshal(answer, &problem) != nil || problem.Error == "" {
			problem.Error = resp.Status
		}
		return fmt.Errorf("the collector at %s says: %s", base, problem.Error)
	}
	return nil
}
