// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.MessageReader.Progress;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(LeakCheck.class)
class MessageReaderTest {
    private static final byte[] NOTHING = {};

    private UnixSocket.Pair pair;
    private MessageReader reader;
    private FakeFrontend frontend;

    @BeforeEach
    void open() {
        pair = UnixSocket.pair();
        reader = new MessageReader(pair.first());
        frontend = new FakeFrontend(pair.second(), () -> {});
    }

    @AfterEach
    void close() {
        reader.close();
        pair.close();
    }

    @Test
    void shouldNotKeepKeys() {
        byte[] message = FakeFrontend.header(26, 1, 8);
        frontend.sendRaw(message, new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
        assertEquals(Progress.COMPLETE, reader.read());
        MemorySegment payload = reader.payload();
        assertEquals(8, payload.get(ValueLayout.JAVA_BYTE, 7));
        reader.next();
        assertEquals(0, payload.get(ValueLayout.JAVA_LONG, 0));
    }

    @Test
    void shouldReadAMessageThatComesByteByByte() {
        byte[] message = {8, 0, 0, 0, 0x9, 0, 0, 0, 8, 0, 0, 0, 3, 0, 0, 0, 0, 1, 0, 0};

        for (int i = 0; i < message.length - 1; i++) {
            frontend.sendBytes(message, i, 1);
            assertEquals(Progress.PARTIAL, reader.read(), "after byte " + i);
            assertTrue(reader.midMessage());
        }
        frontend.sendBytes(message, message.length - 1, 1);

        assertEquals(Progress.COMPLETE, reader.read());
        assertEquals(8, reader.request());
        assertTrue(reader.needReply());
        assertEquals(new FrontendRequest.SetVringNum(3, 256), RequestDecoder.decode(reader));
    }

    @Test
    void shouldReadOneMessageAtATimeWithItsOwnDescriptors() {
        try (EventFd one = EventFd.create();
                EventFd two = EventFd.create()) {
            frontend.send(RequestCode.SET_VRING_CALL, Payload.number(0), one.fd());
            frontend.send(RequestCode.GET_FEATURES, NOTHING);
            frontend.send(RequestCode.SET_VRING_CALL, Payload.number(1), two.fd());
        }

        assertEquals(Progress.COMPLETE, reader.read());
        assertEquals(1, reader.fdCount());
        reader.next();
        assertEquals(Progress.COMPLETE, reader.read());
        assertEquals(0, reader.fdCount());
        reader.next();
        assertEquals(Progress.COMPLETE, reader.read());
        assertEquals(1, reader.fdCount());
        reader.next();
        assertEquals(Progress.PARTIAL, reader.read());
        assertFalse(reader.midMessage());
    }

    @Test
    void shouldLeaveAdoptedDescriptorsOpen() {
        try (EventFd event = EventFd.create()) {
            frontend.send(RequestCode.SET_VRING_CALL, Payload.number(0), event.fd());
        }
        reader.read();
        try (OwnedFd adopted = reader.fd(0).adopt()) {
            reader.next();
            assertTrue(EventFd.isEventFd(adopted.fd()));
        }
    }

    @Test
    void shouldRefuseMoreDescriptorsThanAMessageMayHave() {
        try (EventFd event = EventFd.create()) {
            int[] nine = new int[9];
            java.util.Arrays.fill(nine, event.fd());
            frontend.send(RequestCode.GET_FEATURES, NOTHING, nine);
        }
        ProtocolException e = assertThrows(ProtocolException.class, reader::read);
        assertTrue(e.getMessage().contains("more than 8"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "1, 0, 0, version is 0",
        "1, 2, 0, version is 2",
        "1, 3, 0, version is 3",
        "1, 5, 0, is a reply",
        "1, 1, 4097, size=4097",
        "1, 1, -1, size=4294967295",
    })
    void shouldRefuseAWrongHeader(int request, int flags, int size, String says) {
        frontend.sendRaw(FakeFrontend.header(request, flags, size), NOTHING);
        ProtocolException e = assertThrows(ProtocolException.class, reader::read);
        assertTrue(e.getMessage().contains(says), e.getMessage());
    }

    @Test
    void shouldReadTheLargestPayload() {
        frontend.sendRaw(FakeFrontend.header(99, 1, MessageReader.MAX_PAYLOAD), new byte[MessageReader.MAX_PAYLOAD]);
        assertEquals(Progress.COMPLETE, reader.read());
        assertEquals(MessageReader.MAX_PAYLOAD, reader.payload().byteSize());
        assertEquals(new FrontendRequest.Unsupported(99), RequestDecoder.decode(reader));
    }

    @Test
    void shouldTellTheEndBetweenMessagesFromTheEndInsideOne() {
        frontend.send(RequestCode.GET_FEATURES, NOTHING);
        frontend.close();
        assertEquals(Progress.COMPLETE, reader.read());
        reader.next();
        assertEquals(Progress.END, reader.read());
    }

    @ParameterizedTest
    @CsvSource({"1", "11", "12", "19"})
    void shouldReportAStreamThatEndsInsideAMessage(int bytes) {
        byte[] message = {8, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 3, 0, 0, 0, 0, 1, 0, 0};
        frontend.sendBytes(message, 0, bytes);
        frontend.close();
        ProtocolException e = assertThrows(ProtocolException.class, reader::read);
        assertTrue(e.getMessage().contains("after " + bytes + " of"), e.getMessage());
    }
}
