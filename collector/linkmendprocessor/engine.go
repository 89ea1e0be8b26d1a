package linkmendprocessor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"go.uber.org/zap"

	"github.com/linkmend/linkmend/collector/internal/embedded"
	"github.com/linkmend/linkmend/collector/internal/kernel"
	"github.com/linkmend/linkmend/collector/internal/rule"
	"github.com/linkmend/linkmend/collector/internal/shared"
)

// compiled is code of the modules in the binary and of rules, which all processors of
// the process share: compiling takes a second.
var compiled = sync.OnceValue(wazero.NewCompilationCache)

// engine makes kernels, and has what outlives one of them.
type engine struct {
	config *Config
	logger *zap.Logger
	rule   *rule.Rule
	store  *shared.Store
	onCall func(int, time.Duration, *rule.Fault)
}

func newEngine(ctx context.Context, p *linkmend) (*engine, error) {
	e := &engine{config: p.config, logger: p.logger, onCall: p.telemetry.called}
	loaded, err := e.load(ctx)
	if err != nil {
		return nil, fmt.Errorf("rule %s: %w", p.config.Rule, err)
	}
	e.rule = loaded
	e.logger.Info("The rule is loaded", zap.String("rule", loaded.About.Name),
		zap.String("version", loaded.About.Version), zap.String("world", string(loaded.World)))
	if redis := p.config.Index.Redis; redis != nil {
		if e.store, err = openStore(ctx, p, redis); err != nil {
			return nil, errors.Join(err, e.close(ctx))
		}
	}
	return e, nil
}

func (e *engine) load(ctx context.Context) (*rule.Rule, error) {
	bytes := embedded.Repair
	if e.config.Rule != builtin {
		var err error
		if bytes, err = os.ReadFile(e.config.Rule); err != nil {
			return nil, err
		}
		if sum := sha256.Sum256(bytes); e.config.SHA256 != "" && !strings.EqualFold(hex.EncodeToString(sum[:]), e.config.SHA256) {
			return nil, fmt.Errorf("the file has the SHA-256 %x, and sha256 is %s", sum, e.config.SHA256)
		}
	}
	config, err := e.config.ruleConfig()
	if err != nil {
		return nil, err
	}
	limits := e.config.Limits
	return rule.Load(ctx, bytes, rule.Options{
		Config: config,
		Limits: rule.Limits{
			Memory:        uint64(limits.Memory),
			TableElements: limits.TableElements,
			InitTime:      limits.InitTime,
			CallTime:      limits.CallTime,
			Output:        uint64(limits.Output),
		},
		Trusted: e.config.Rule == builtin,
		Cache:   compiled(),
		// What a rule says is for its author.
		Log: func(level rule.Level, text string) {
			e.logger.Debug("The rule says: "+text, zap.Uint32("level", uint32(level)))
		},
	})
}

func (e *engine) newKernel(ctx context.Context) (*kernel.Kernel, error) {
	options := kernel.Options{
		Module: embedded.Kernel,
		Config: e.kernelConfig(),
		Rules:  []*rule.Rule{e.rule},
		Log:    e.log,
		OnCall: e.onCall,
		Cache:  compiled(),
	}
	// A nil *Store in an interface would not be nil.
	if e.store != nil {
		options.Store = e.store
	}
	return kernel.New(ctx, options)
}

func (e *engine) kernelConfig() kernel.Config {
	c := e.config
	config := kernel.Config{
		Rules: []kernel.Rule{{
			About: e.rule.About,
			Plan:  e.rule.Plan,
			World: string(e.rule.World),
			Limits: kernel.Limits{
				Memory:        uint64(c.Limits.Memory),
				TableElements: uint64(c.Limits.TableElements),
				InitTimeMS:    uint64(c.Limits.InitTime.Milliseconds()),
				CallTimeMS:    uint64(c.Limits.CallTime.Milliseconds()),
				Output:        uint64(c.Limits.Output),
				Growth:        uint64(c.Limits.Growth),
				EditsPerSpan:  c.Limits.EditsPerSpan,
				MaxLinks:      uint64(c.Limits.MaxLinks),
			},
			OnError: c.OnError,
		}},
		Index:        kernel.Index{MaxEntries: c.Index.MaxEntries},
		Store:        e.store != nil,
		CountSystems: true,
	}
	if c.Hold.Time > 0 {
		config.Hold = &kernel.Hold{
			TimeMS:      uint64(max(c.Hold.Time.Milliseconds(), 1)),
			MaxSpans:    c.Hold.MaxSpans,
			MaxBytes:    uint64(c.Hold.MaxBytes),
			GiveUpAfter: c.Hold.GiveUpAfter,
		}
	}
	if c.Index.TimeToLive > 0 {
		live := uint64(max(c.Index.TimeToLive.Milliseconds(), 1))
		config.Index.TimeToLiveMS = &live
	}
	return config
}

// log is what the kernel says of faults of the rule and the like.
func (e *engine) log(level rule.Level, text string) {
	switch level {
	case rule.Error:
		e.logger.Error(text)
	case rule.Warn:
		e.logger.Warn(text)
	case rule.Info:
		e.logger.Info(text)
	default:
		e.logger.Debug(text)
	}
}

func (e *engine) close(ctx context.Context) error {
	var err error
	if e.store != nil {
		err = e.store.Close(ctx)
	}
	if e.rule != nil {
		err = errors.Join(err, e.rule.Close(ctx))
	}
	return err
}

func openStore(ctx context.Context, p *linkmend, config *RedisConfig) (*shared.Store, error) {
	servers, err := shared.ParseURLs(config.urls())
	if err != nil {
		return nil, err
	}
	options := shared.Options{
		Servers:     servers,
		Cluster:     config.Cluster,
		Username:    config.Username,
		Password:    string(config.Password),
		KeyPrefix:   config.KeyPrefix,
		Timeout:     config.Timeout,
		TimeToLive:  p.config.Index.TimeToLive,
		QueueSize:   int(config.QueueSize),
		Logger:      p.logger,
		OnRoundTrip: p.telemetry.roundTrip,
	}
	if servers.TLS {
		if options.TLS, err = config.TLS.LoadTLSConfig(ctx); err != nil {
			return nil, fmt.Errorf("index::redis::tls: %w", err)
		}
	}
	return shared.Open(options), nil
}
