package demo

import (
	"context"
	"errors"
	"fmt"
	"io"

	tea "charm.land/bubbletea/v2"
)

// Screen shows the demo on a terminal, which it takes over while it runs.
type Screen struct {
	program *tea.Program
}

// NewScreen makes a screen; stop is called when the person has seen enough.
func NewScreen(in io.Reader, out io.Writer, stop func()) *Screen {
	m := model{look: newLook(true), stop: stop, width: 80, height: 24}
	return &Screen{tea.NewProgram(m, tea.WithInput(in), tea.WithOutput(out), tea.WithoutSignalHandler())}
}

// Run shows frames until ctx ends, and gives the terminal back.
func (s *Screen) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, s.program.Quit)
	defer stop()
	if _, err := s.program.Run(); err != nil && !errors.Is(err, tea.ErrProgramKilled) {
		return fmt.Errorf("terminal: %w", err)
	}
	return nil
}

// Tell is part of [View]: the next frame tells it.
func (s *Screen) Tell([]Event) {}

// Show is part of [View].
func (s *Screen) Show(f Frame) { s.program.Send(f) }

// model is the screen's state, as bubbletea keeps it.
type model struct {
	look          look
	stop          func()
	width, height int
	frame         Frame
}

// Init is part of [tea.Model]. Nothing waits for the terminal's answer.
func (m model) Init() tea.Cmd { return tea.RequestBackgroundColor }

// Update is part of [tea.Model].
func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case Frame:
		m.frame = msg
	case tea.BackgroundColorMsg:
		m.look = newLook(msg.IsDark())
	case tea.KeyPressMsg:
		if k := msg.String(); k == "q" || k == "ctrl+c" || k == "esc" {
			m.stop()
		}
	}
	return m, nil
}

// View is part of [tea.Model].
func (m model) View() tea.View {
	v := tea.NewView(draw(m.look, m.frame, m.width, m.height))
	v.AltScreen = true
	return v
}
