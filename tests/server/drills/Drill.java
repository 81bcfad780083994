// The drill of the Java client (kafka-clients): one line of standard output for each thing that worked, `feature=value`.
//
//     java -cp 'libs/*' Drill.java BOOTSTRAP NAME [PATH_OF_GO]
//
// The test decides what must be said; this program asserts nothing. In `leader`, it says `half` and goes on when a line
// comes on standard input: meanwhile the test kills the leader.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.*;

public class Drill {
    static String servers;
    static final Duration SHORT = Duration.ofMillis(200);

    public static void main(String[] given) throws Exception {
        servers = given[0];
        for (String name : given[1].split(",")) {
            try {
                switch (name) {
                    case "compression" -> compression();
                    case "range" -> group(name, Map.of("partition.assignment.strategy", RangeAssignor.class.getName()));
                    case "cooperative-sticky" -> group(name,
                        Map.of("partition.assignment.strategy", CooperativeStickyAssignor.class.getName()));
                    case "static" -> group(name, Map.of("group.instance.id", "{}"));
                    case "KIP-848" -> group(name, Map.of("group.protocol", "consumer"));
                    case "seek" -> seekAndCommit();
                    case "transactions" -> transactions();
                    case "offsets" -> offsetsInATransaction();
                    case "admin" -> administration();
                    case "leader" -> leader();
                    default -> throw new IllegalArgumentException(name);
                }
            } catch (Throwable problem) {
                say(name, "failed: " + problem);
                problem.printStackTrace();
            }
        }
        System.exit(0);
    }

    static void say(String what, Object value) {
        System.out.println(what + "=" + value);
        System.out.flush();
    }

    static KafkaProducer<String, String> producer(Map<String, Object> settings) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put("bootstrap.servers", servers);
        return new KafkaProducer<>(all, new StringSerializer(), new StringSerializer());
    }

    static KafkaConsumer<String, String> consumer(String group, Map<String, Object> settings) {
        Map<String, Object> all = new HashMap<>(Map.of("enable.auto.commit", false, "auto.offset.reset", "earliest"));
        all.put("group.id", group);
        all.put("bootstrap.servers", servers);
        all.putAll(settings);
        return new KafkaConsumer<>(all, new StringDeserializer(), new StringDeserializer());
    }

    static void create(String topic, int partitions) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 3))).all().get();
        }
    }

    static void send(String topic, int count, Map<String, Object> settings) throws Exception {
        try (KafkaProducer<String, String> producer = producer(settings)) {
            List<Future<RecordMetadata>> answers = new ArrayList<>();
            for (int number = 0; number < count; number++)
                answers.add(producer.send(new ProducerRecord<>(topic, "key-" + number, "value-" + number)));
            for (Future<RecordMetadata> answer : answers) answer.get();
        }
    }

    static List<String> read(KafkaConsumer<String, String> consumer, int count) {
        List<String> values = new ArrayList<>();
        long end = System.currentTimeMillis() + 60_000;
        while (values.size() < count && System.currentTimeMillis() < end)
            for (ConsumerRecord<String, String> record : consumer.poll(SHORT)) values.add(record.value());
        return values;
    }

    static void compression() throws Exception {
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            create("java-" + codec, 1);
            send("java-" + codec, 200, Map.of("compression.type", codec, "linger.ms", 50));
            try (KafkaConsumer<String, String> consumer = consumer("java-" + codec, Map.of())) {
                consumer.subscribe(List.of("java-" + codec));
                List<String> values = read(consumer, 200);
                say("compression " + codec, values.size() + " " + values.get(199));
            }
        }
    }

    /** A member, a second one, one again; each polls on a thread of its own. */
    static void group(String name, Map<String, Object> settings) throws Exception {
        String topic = "java-" + name;
        create(topic, 4);
        send(topic, 100, Map.of());
        Member first = new Member(topic, "a", settings), second = null;
        say(name + " alone", first.until(4) + " " + first.untilRead(100));
        second = new Member(topic, "b", settings);
        say(name + " both", first.until(2) + " " + second.until(2));
        first.stop();
        if (!name.equals("static")) say(name + " one again", second.until(4));
        second.stop();
    }

    static class Member implements Runnable {
        final KafkaConsumer<String, String> consumer;
        final Thread thread;
        volatile int share = 0, seen = 0;
        volatile boolean stopped = false;

        Member(String topic, String name, Map<String, Object> settings) {
            Map<String, Object> own = new HashMap<>(settings);
            if (own.containsKey("group.instance.id")) own.put("group.instance.id", name);
            consumer = consumer(topic, own);
            consumer.subscribe(List.of(topic));
            thread = new Thread(this);
            thread.start();
        }

        public void run() {
            while (!stopped) {
                seen += consumer.poll(SHORT).count();
                share = consumer.assignment().size();
                if (seen > 0) consumer.commitAsync();
            }
            consumer.close();
        }

        int until(int wanted) throws Exception {
            for (int turn = 0; turn < 900 && share != wanted; turn++) Thread.sleep(50);
            return share;
        }

        int untilRead(int wanted) throws Exception {
            for (int turn = 0; turn < 900 && seen < wanted; turn++) Thread.sleep(50);
            return seen;
        }

        void stop() throws Exception {
            stopped = true;
            thread.join();
        }
    }

    static void seekAndCommit() throws Exception {
        create("java-seek", 1);
        send("java-seek", 10, Map.of());
        TopicPartition zero = new TopicPartition("java-seek", 0);
        try (KafkaConsumer<String, String> consumer = consumer("java-seek", Map.of())) {
            consumer.assign(List.of(zero));
            consumer.seek(zero, 7);
            say("seek", read(consumer, 3));
            consumer.commitSync(Map.of(zero, new OffsetAndMetadata(8)));
            say("commit", consumer.committed(Set.of(zero)).get(zero).offset());
            say("ends", consumer.beginningOffsets(Set.of(zero)).get(zero) + " " + consumer.endOffsets(Set.of(zero)).get(zero));
        }
    }

    static void transactions() throws Exception {
        create("java-paid", 1);
        KafkaProducer<String, String> first = producer(Map.of("transactional.id", "java-till"));
        first.initTransactions();
        for (String value : List.of("a", "b", "c")) {
            first.beginTransaction();
            first.send(new ProducerRecord<>("java-paid", value)).get();
            if (value.equals("b")) first.abortTransaction(); else first.commitTransaction();
        }
        first.beginTransaction();
        first.send(new ProducerRecord<>("java-paid", "zombie")).get();
        KafkaProducer<String, String> second = producer(Map.of("transactional.id", "java-till"));
        second.initTransactions();
        try {
            first.commitTransaction();
            say("zombie", "committed");
        } catch (KafkaException fenced) {
            say("zombie", fenced.getClass().getSimpleName());
        }
        first.close(Duration.ZERO);
        second.beginTransaction();
        second.send(new ProducerRecord<>("java-paid", "d")).get();
        second.commitTransaction();
        second.close();
        for (String level : List.of("read_committed", "read_uncommitted")) {
            try (KafkaConsumer<String, String> consumer = consumer("java-" + level, Map.of("isolation.level", level))) {
                consumer.subscribe(List.of("java-paid"));
                say(level, read(consumer, level.equals("read_committed") ? 3 : 5));
            }
        }
    }

    static void offsetsInATransaction() throws Exception {
        create("java-raw", 1);
        create("java-cooked", 1);
        send("java-raw", 10, Map.of());
        TopicPartition zero = new TopicPartition("java-raw", 0);
        try (KafkaConsumer<String, String> consumer = consumer("java-cooks", Map.of());
             KafkaProducer<String, String> producer = producer(Map.of("transactional.id", "java-cook"))) {
            consumer.subscribe(List.of("java-raw"));
            List<String> values = read(consumer, 10);
            producer.initTransactions();
            producer.beginTransaction();
            for (String value : values) producer.send(new ProducerRecord<>("java-cooked", value));
            producer.sendOffsetsToTransaction(Map.of(zero, new OffsetAndMetadata(10)), consumer.groupMetadata());
            producer.commitTransaction();
            say("offsets in a transaction", consumer.committed(Set.of(zero)).get(zero).offset());
        }
    }

    static void administration() throws Exception {
        create("java-managed", 2);
        send("java-managed", 5, Map.of());
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            say("cluster", admin.describeCluster().nodes().get().size());
            say("topic", admin.describeTopics(List.of("java-managed")).allTopicNames().get().get("java-managed").partitions().size());
            admin.createPartitions(Map.of("java-managed", NewPartitions.increaseTo(3))).all().get();
            ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, "java-managed");
            admin.incrementalAlterConfigs(Map.of(resource, List.of(
                new AlterConfigOp(new ConfigEntry("retention.ms", "60000"), AlterConfigOp.OpType.SET)))).all().get();
            String kept = "";
            for (int turn = 0; turn < 200 && !kept.equals("60000"); turn++) {
                kept = admin.describeConfigs(List.of(resource)).all().get().get(resource).get("retention.ms").value();
                Thread.sleep(20);
            }
            say("config", kept);
            long end = 0;
            for (int number = 0; number < 2; number++) {
                TopicPartition one = new TopicPartition("java-managed", number);
                end += admin.listOffsets(Map.of(one, OffsetSpec.latest())).all().get().get(one).offset();
            }
            say("offsets", end);
            try (KafkaConsumer<String, String> consumer = consumer("java-managers", Map.of())) {
                consumer.subscribe(List.of("java-managed"));
                read(consumer, 5);
                consumer.commitSync();
                say("group", admin.describeConsumerGroups(List.of("java-managers")).all().get().get("java-managers").members().size());
            }
            say("listed", admin.listGroups().all().get().stream().anyMatch(one -> one.groupId().equals("java-managers")));
            admin.deleteConsumerGroups(List.of("java-managers")).all().get();
            TopicPartition zero = new TopicPartition("java-managed", 0);
            say("records", admin.deleteRecords(Map.of(zero, RecordsToDelete.beforeOffset(-1))).lowWatermarks().get(zero).get().lowWatermark() >= 0);
            admin.deleteTopics(List.of("java-managed")).all().get();
            say("deleted", true);
        }
    }

    static void leader() throws Exception {
        create("java-leader", 1);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        try (KafkaProducer<String, String> producer = producer(Map.of("linger.ms", 1))) {
            List<Future<RecordMetadata>> answers = new ArrayList<>();
            for (int number = 0; number < 2_000; number++) {
                answers.add(producer.send(new ProducerRecord<>("java-leader", 0, null, "" + number)));
                if (number == 500) {
                    say("half", 1);
                    input.readLine();
                }
            }
            int stored = 0;
            for (Future<RecordMetadata> answer : answers) {
                answer.get();
                stored++;
            }
            say("acknowledged", stored);
        }
        try (KafkaConsumer<String, String> consumer = consumer("java-leader", Map.of())) {
            consumer.subscribe(List.of("java-leader"));
            List<String> values = read(consumer, 2_000);
            List<String> wanted = new ArrayList<>();
            for (int number = 0; number < 2_000; number++) wanted.add("" + number);
            say("each once, in order", values.equals(wanted));
        }
    }
}
