package cli

import (
	"context"
	"errors"
	"strings"
	"testing"
)

type testLine struct {
	Greet greetCmd `cmd:"" help:"Greet."`
}

type greetCmd struct {
	Name string `required:"" help:"Whom."`
}

func (c greetCmd) Run(ctx context.Context, s Streams) error {
	if c.Name == "nobody" {
		return errors.New("nobody is there")
	}
	_, err := s.Out.Write([]byte("hello " + c.Name))
	return errors.Join(err, ctx.Err())
}

func TestDispatch(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		code int
		out  string
		err  string
	}{
		"a command":          {[]string{"greet", "--name", "you"}, 0, "hello you", ""},
		"help":               {[]string{"--help"}, 0, "Greet.", ""},
		"help of a command":  {[]string{"greet", "--help"}, 0, "Whom.", ""},
		"nothing":            {nil, 2, "", "test: expected \"greet\": see test --help\n"},
		"no such command":    {[]string{"part"}, 2, "", "unexpected argument part"},
		"no such flag":       {[]string{"greet", "--nam", "x"}, 2, "", "--nam"},
		"a flag is missing":  {[]string{"greet"}, 2, "", "--name"},
		"the command's own":  {[]string{"greet", "--name", "nobody"}, 1, "", "test: nobody is there\n"},
		"a value is missing": {[]string{"greet", "--name"}, 2, "", "--name"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errout strings.Builder
			err := Dispatch(t.Context(), "test", "A test.", &testLine{}, tc.args, Streams{Out: &out, Err: &errout})
			if code := Exit("test", err, &errout); code != tc.code {
				t.Errorf("exit code %d, want %d: %v", code, tc.code, err)
			}
			if !strings.Contains(out.String(), tc.out) || !strings.Contains(errout.String(), tc.err) || (tc.code == 0) != (errout.Len() == 0) {
				t.Errorf("out %q, err %q; want %q and %q in them", &out, &errout, tc.out, tc.err)
			}
		})
	}
}
