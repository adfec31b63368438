// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class MessageWriterTest {
    private UnixSocket.Pair pair;
    private MessageWriter writer;
    private FakeFrontend frontend;

    @BeforeEach
    void open() {
        pair = UnixSocket.pair();
        writer = new MessageWriter(pair.first());
        frontend = new FakeFrontend(pair.second(), () -> {});
    }

    @AfterEach
    void close() {
        writer.close();
        pair.close();
    }

    @Test
    void shouldWriteReplies() {
        writer.replyU64(1, 0x1122334455667788L);
        writer.replyState(11, 3, 0x80018001);
        writer.replyEmpty(24);

        FakeFrontend.Reply number = frontend.receive();
        assertEquals(1, number.request());
        assertEquals(5, number.flags());
        assertEquals(0x1122334455667788L, number.u64());
        assertArrayEquals(Payload.state(3, 0x80018001L), frontend.receive().payload());
        assertEquals(0, frontend.receive().payload().length);
    }

    @Test
    void shouldKeepRepliesForAPeerThatReadsLaterAndEndWithOneThatNeverReads() {
        long written = 0;
        while (!writer.hasWaiting()) {
            writer.replyU64(1, written++);
        }
        for (int i = 0; i < 100; i++) {
            writer.replyU64(1, written++);
        }
        long read = 0;
        while (read < written) {
            assertEquals(read++, frontend.receive().u64());
            writer.flush();
        }
        assertFalse(writer.hasWaiting());
        assertTrue(frontend.nothingArrived());

        LimitExceededException e = assertThrows(LimitExceededException.class, () -> {
            for (int i = 0; i < 1_000_000; i++) {
                writer.replyU64(1, i);
            }
        });
        assertTrue(e.getMessage().contains("does not read what it is sent"), e.getMessage());
    }
}
