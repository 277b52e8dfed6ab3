package cli

import (
	"context"
	"fmt"

	"github.com/alecthomas/kong"
)

// Dispatch reads a command line into line, a struct in kong's form, and runs the command that
// it names: its Run method may take the context and the streams. Help and usage go to the
// streams; a line that cannot be carried out is a UsageError.
func Dispatch(ctx context.Context, name, description string, line any, args []string, s Streams) error {
	helped := false
	parser, err := kong.New(line,
		kong.Name(name),
		kong.Description(description),
		kong.Writers(s.Out, s.Err),
		kong.Exit(func(int) { helped = true }), // --help was printed; kong goes on
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(s),
	)
	if err != nil {
		return err
	}
	command, err := parser.Parse(args)
	switch {
	case helped:
		return nil
	case err != nil:
		return UsageError{fmt.Errorf("%w: see %s --help", err, name)}
	}
	return command.Run()
}
