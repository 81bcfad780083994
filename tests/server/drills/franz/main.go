// The drill of franz-go: one line of standard output for each thing that worked, `feature=value`; see Drill.java.
//
//	drill BOOTSTRAP NAME,NAME,...
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

var (
	servers []string
	ctx     = context.Background()
)

func say(what string, value any) { fmt.Printf("%s=%v\n", what, value) }

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func client(options ...kgo.Opt) *kgo.Client {
	made, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(servers...)}, options...)...)
	check(err)
	return made
}

func create(topic string, partitions int32) {
	admin := kadm.NewClient(client())
	defer admin.Close()
	answers, err := admin.CreateTopics(ctx, partitions, 3, nil, topic)
	check(err)
	check(answers[topic].Err)
}

func send(topic string, count int, options ...kgo.Opt) {
	producer := client(options...)
	defer producer.Close()
	var records []*kgo.Record
	for number := range count {
		records = append(records, &kgo.Record{Topic: topic, Key: []byte(fmt.Sprint("key-", number)),
			Value: []byte(fmt.Sprint("value-", number))})
	}
	check(producer.ProduceSync(ctx, records...).FirstErr())
}

func read(consumer *kgo.Client, count int) []string {
	var values []string
	limit, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for len(values) < count && limit.Err() == nil {
		consumer.PollFetches(limit).EachRecord(func(record *kgo.Record) { values = append(values, string(record.Value)) })
	}
	return values
}

func reader(group, topic string, options ...kgo.Opt) *kgo.Client {
	options = append(options, kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	return client(options...)
}

func compression() {
	codecs := map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(),
		"snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}
	for name, codec := range codecs {
		create("go-"+name, 1)
		send("go-"+name, 200, kgo.ProducerBatchCompression(codec))
		consumer := reader("go-"+name, "go-"+name)
		values := read(consumer, 200)
		say("compression "+name, fmt.Sprint(len(values), " ", values[199]))
		consumer.Close()
	}
}

// A member that polls on a goroutine of its own.
type member struct {
	client      *kgo.Client
	share, seen atomic.Int64
	stopped     chan struct{}
	done        chan struct{}
}

func join(topic string, options ...kgo.Opt) *member {
	one := &member{stopped: make(chan struct{}), done: make(chan struct{})}
	count := func(step int64) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, changed map[string][]int32) {
			one.share.Add(step * int64(len(changed[topic])))
		}
	}
	options = append(options, kgo.OnPartitionsAssigned(count(1)), kgo.OnPartitionsRevoked(count(-1)),
		kgo.OnPartitionsLost(count(-1)))
	one.client = reader(topic, topic, options...)
	go func() {
		defer close(one.done)
		for {
			select {
			case <-one.stopped:
				one.client.Close()
				return
			default:
			}
			limit, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
			one.seen.Add(int64(one.client.PollFetches(limit).NumRecords()))
			cancel()
			_ = one.client.CommitUncommittedOffsets(ctx)
		}
	}()
	return one
}

func until(what *atomic.Int64, wanted int64) int64 {
	for range 900 {
		if what.Load() == wanted {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return what.Load()
}

func group(name string, options func(string) []kgo.Opt) {
	topic := "go-" + name
	create(topic, 4)
	send(topic, 100)
	first := join(topic, options("a")...)
	say(name+" alone", fmt.Sprint(until(&first.share, 4), " ", until(&first.seen, 100)))
	second := join(topic, options("b")...)
	say(name+" both", fmt.Sprint(until(&first.share, 2), " ", until(&second.share, 2)))
	close(first.stopped)
	<-first.done
	if name != "static" {
		say(name+" one again", until(&second.share, 4))
	}
	close(second.stopped)
	<-second.done
}

func seek() {
	create("go-seek", 1)
	send("go-seek", 10)
	consumer := client(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"go-seek": {0: kgo.NewOffset().At(7)}}))
	say("seek", read(consumer, 3))
	consumer.Close()
	admin := kadm.NewClient(client())
	defer admin.Close()
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: "go-seek", Partition: 0, At: 8})
	check(admin.CommitAllOffsets(ctx, "go-seek", offsets))
	committed, err := admin.FetchOffsets(ctx, "go-seek")
	check(err)
	found, _ := committed.Lookup("go-seek", 0)
	say("commit", found.At)
	starts, err := admin.ListStartOffsets(ctx, "go-seek")
	check(err)
	ends, err := admin.ListEndOffsets(ctx, "go-seek")
	check(err)
	start, _ := starts.Lookup("go-seek", 0)
	end, _ := ends.Lookup("go-seek", 0)
	say("ends", fmt.Sprint(start.Offset, " ", end.Offset))
}

func transactions() {
	create("go-paid", 1)
	till := func() *kgo.Client { return client(kgo.TransactionalID("go-till"), kgo.DefaultProduceTopic("go-paid")) }
	in := func(producer *kgo.Client, value string, how kgo.TransactionEndTry) error {
		check(producer.BeginTransaction())
		check(producer.ProduceSync(ctx, kgo.StringRecord(value)).FirstErr())
		return producer.EndTransaction(ctx, how)
	}
	first := till()
	check(in(first, "a", kgo.TryCommit))
	check(in(first, "b", kgo.TryAbort))
	check(in(first, "c", kgo.TryCommit))
	check(first.BeginTransaction())
	check(first.ProduceSync(ctx, kgo.StringRecord("zombie")).FirstErr())
	second := till()
	check(in(second, "d", kgo.TryCommit))
	err := first.EndTransaction(ctx, kgo.TryCommit)
	var known *kerr.Error
	if errors.As(err, &known) {
		say("zombie", known.Message)
	} else {
		say("zombie", err)
	}
	first.Close()
	second.Close()
	committed := reader("go-committed", "go-paid", kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	say("read_committed", read(committed, 3))
	committed.Close()
	everything := reader("go-uncommitted", "go-paid")
	say("read_uncommitted", read(everything, 5))
	everything.Close()
}

func offsets() {
	create("go-raw", 1)
	create("go-cooked", 1)
	send("go-raw", 10)
	session, err := kgo.NewGroupTransactSession(kgo.SeedBrokers(servers...), kgo.TransactionalID("go-cook"),
		kgo.ConsumerGroup("go-cooks"), kgo.ConsumeTopics("go-raw"), kgo.DefaultProduceTopic("go-cooked"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	check(err)
	count := 0
	for count < 10 {
		fetches := session.PollFetches(ctx)
		check(session.Begin())
		fetches.EachRecord(func(record *kgo.Record) {
			count++
			session.Produce(ctx, kgo.StringRecord(string(record.Value)), nil)
		})
		_, err = session.End(ctx, kgo.TryCommit)
		check(err)
	}
	session.Close()
	admin := kadm.NewClient(client())
	defer admin.Close()
	committed, err := admin.FetchOffsets(ctx, "go-cooks")
	check(err)
	found, _ := committed.Lookup("go-raw", 0)
	say("offsets in a transaction", found.At)
}

func administration() {
	create("go-managed", 2)
	send("go-managed", 5)
	admin := kadm.NewClient(client())
	defer admin.Close()
	brokers, err := admin.ListBrokers(ctx)
	check(err)
	say("cluster", len(brokers))
	_, err = admin.CreatePartitions(ctx, 1, "go-managed")
	check(err)
	_, err = admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Name: "retention.ms", Value: kadm.StringPtr("60000")}}, "go-managed")
	check(err)
	kept := ""
	for range 200 {
		configs, err := admin.DescribeTopicConfigs(ctx, "go-managed")
		check(err)
		for _, config := range configs[0].Configs {
			if config.Key == "retention.ms" {
				kept = *config.Value
			}
		}
		if kept == "60000" {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	say("config", kept)
	topics, err := admin.ListTopics(ctx, "go-managed")
	check(err)
	say("topic", len(topics["go-managed"].Partitions))
	consumer := reader("go-managers", "go-managed")
	read(consumer, 5)
	check(consumer.CommitUncommittedOffsets(ctx))
	described, err := admin.DescribeGroups(ctx, "go-managers")
	check(err)
	say("group", len(described["go-managers"].Members))
	consumer.Close()
	listed, err := admin.ListGroups(ctx)
	check(err)
	_, known := listed["go-managers"]
	say("listed", known)
	_, err = admin.DeleteGroups(ctx, "go-managers")
	check(err)
	before := kadm.Offsets{}
	before.Add(kadm.Offset{Topic: "go-managed", Partition: 0, At: -1})
	cut, err := admin.DeleteRecords(ctx, before)
	check(err)
	check(cut.Error())
	lowest, _ := cut.Lookup("go-managed", 0)
	say("records", lowest.LowWatermark >= 0)
	_, err = admin.DeleteTopics(ctx, "go-managed")
	check(err)
	say("deleted", true)
}

func leader() {
	create("go-leader", 1)
	producer := client(kgo.DefaultProduceTopic("go-leader"))
	var stored atomic.Int64
	for number := range 2_000 {
		producer.Produce(ctx, kgo.StringRecord(strconv.Itoa(number)), func(_ *kgo.Record, err error) {
			if err == nil {
				stored.Add(1)
			}
		})
		if number == 500 {
			say("half", 1)
			_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		}
	}
	check(producer.Flush(ctx))
	say("acknowledged", stored.Load())
	producer.Close()
	consumer := reader("go-leader", "go-leader")
	values := read(consumer, 2_000)
	consumer.Close()
	same := len(values) == 2_000
	for number, value := range values {
		same = same && value == strconv.Itoa(number)
	}
	say("each once, in order", same)
}

func drill(name string) {
	defer func() {
		if problem := recover(); problem != nil {
			say(name, fmt.Sprint("failed: ", problem))
		}
	}()
	balanced := func(balancer kgo.GroupBalancer) func(string) []kgo.Opt {
		return func(string) []kgo.Opt { return []kgo.Opt{kgo.Balancers(balancer)} }
	}
	switch name {
	case "compression":
		compression()
	case "range":
		group(name, balanced(kgo.RangeBalancer()))
	case "cooperative-sticky":
		group(name, balanced(kgo.CooperativeStickyBalancer()))
	case "static":
		group(name, func(id string) []kgo.Opt {
			return []kgo.Opt{kgo.InstanceID(id), kgo.Balancers(kgo.RangeBalancer())}
		})
	case "KIP-848":
		group(name, func(string) []kgo.Opt {
			return []kgo.Opt{kgo.ServerSideBalancer(), kgo.Balancers(kgo.StickyBalancer())}
		})
	case "seek":
		seek()
	case "transactions":
		transactions()
	case "offsets":
		offsets()
	case "admin":
		administration()
	case "leader":
		leader()
	default:
		panic("no drill " + name)
	}
}

func main() {
	servers = strings.Split(os.Args[1], ",")
	for _, name := range strings.Split(os.Args[2], ",") {
		drill(name)
	}
}
