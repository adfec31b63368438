// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.FrontendRequest.RegionInfo;
import io.vhost4j.core.protocol.FrontendRequest.RingAddresses;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Messages as bytes, written down from the specification's layouts for a little-endian host. */
@ExtendWith(LeakCheck.class)
class RequestDecoderTest {
    private UnixSocket.Pair pair;
    private MessageReader reader;
    private FakeFrontend frontend;
    private EventFd event;

    @BeforeEach
    void open() {
        pair = UnixSocket.pair();
        reader = new MessageReader(pair.first());
        frontend = new FakeFrontend(pair.second(), () -> {});
        event = EventFd.create();
    }

    @AfterEach
    void close() {
        event.close();
        reader.close();
        pair.close();
    }

    private FrontendRequest decode(String hex, int fds) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        frontend.sendBytes(bytes, 0, bytes.length, copies(fds));
        assertEquals(MessageReader.Progress.COMPLETE, reader.read());
        return RequestDecoder.decode(reader);
    }

    private int[] copies(int fds) {
        int[] copies = new int[fds];
        java.util.Arrays.fill(copies, event.fd());
        return copies;
    }

    private ProtocolException refuse(RequestCode code, byte[] payload, int fds) {
        frontend.send(code, payload, copies(fds));
        assertEquals(MessageReader.Progress.COMPLETE, reader.read());
        return assertThrows(ProtocolException.class, () -> RequestDecoder.decode(reader));
    }

    @Test
    void shouldDecodeRequestsWithoutPayload() {
        assertInstanceOf(FrontendRequest.GetFeatures.class, decode("01000000 01000000 00000000", 0));
        reader.next();
        assertInstanceOf(FrontendRequest.GetProtocolFeatures.class, decode("0f000000 01000000 00000000", 0));
        reader.next();
        assertInstanceOf(FrontendRequest.GetMaxMemSlots.class, decode("24000000 01000000 00000000", 0));
    }

    @Test
    void shouldDecodeNumbers() {
        assertEquals(
                new FrontendRequest.SetFeatures(0x8877665544332211L),
                decode("02000000 01000000 08000000 1122334455667788", 0));
    }

    @Test
    void shouldDecodeARingsState() {
        assertEquals(
                new FrontendRequest.SetVringBase(1, 0x80008000L),
                decode("0a000000 01000000 08000000 01000000 00800080", 0));
    }

    @Test
    void shouldDecodeRingAddressesInTheOrderOfTheWire() {
        assertEquals(
                new FrontendRequest.SetVringAddr(2, new RingAddresses(1, 0x1000, 0x3000, 0x2000, 0x4000)),
                decode(
                        "09000000 01000000 28000000 02000000 01000000 0010000000000000 0020000000000000"
                                + " 0030000000000000 0040000000000000",
                        0));
    }

    @Test
    void shouldDecodeAMemoryTable() {
        FrontendRequest request = decode(
                "05000000 01000000 48000000 02000000 00000000"
                        + " 0000000000000000 0000100000000000 0000000000700000 0000000000000000"
                        + " 0000000100000000 0000200000000000 0000001000700000 0010000000000000",
                2);
        FrontendRequest.SetMemTable table = assertInstanceOf(FrontendRequest.SetMemTable.class, request);
        assertEquals(
                List.of(
                        new RegionInfo(0, 0x100000, 0x700000000000L, 0),
                        new RegionInfo(0x1000000, 0x200000, 0x700010000000L, 0x1000)),
                table.regions());
        assertEquals(2, table.fds().size());
    }

    @Test
    void shouldDecodeASingleRegion() {
        FrontendRequest request = decode(
                "25000000 01000000 28000000 0000000000000000"
                        + " 0000000100000000 0000200000000000 0000001000700000 0010000000000000",
                1);
        FrontendRequest.AddMemReg add = assertInstanceOf(FrontendRequest.AddMemReg.class, request);
        assertEquals(new RegionInfo(0x1000000, 0x200000, 0x700010000000L, 0x1000), add.region());
    }

    @Test
    void shouldDecodeRingDescriptorsWithAndWithoutFd() {
        FrontendRequest with = decode("0c000000 01000000 08000000 0300000000000000", 1);
        assertNotNull(assertInstanceOf(FrontendRequest.SetVringKick.class, with).fd());
        reader.next();
        FrontendRequest without = decode("0d000000 01000000 08000000 0301000000000000", 0);
        FrontendRequest.SetVringCall call = assertInstanceOf(FrontendRequest.SetVringCall.class, without);
        assertEquals(3, call.queue());
        assertNull(call.fd());
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "46, 0", "255, 1", "-1, 8"})
    void shouldPassOnNumbersWithoutAMeaning(int code, int fds) {
        frontend.sendRaw(FakeFrontend.header(code, 1, 3), new byte[3], copies(fds));
        reader.read();
        assertEquals(new FrontendRequest.Unsupported(code), RequestDecoder.decode(reader));
    }

    @ParameterizedTest
    @EnumSource(
            value = RequestCode.class,
            names = {"GET_FEATURES", "SET_OWNER", "RESET_OWNER", "GET_QUEUE_NUM", "RESET_DEVICE", "GET_STATUS"})
    void shouldRefusePayloadWhereThereIsNone(RequestCode code) {
        assertTrue(refuse(code, new byte[1], 0).getMessage().contains("a payload of 1 bytes"));
    }

    @ParameterizedTest
    @EnumSource(
            value = RequestCode.class,
            names = {
                "SET_FEATURES",
                "SET_VRING_NUM",
                "SET_VRING_BASE",
                "GET_VRING_BASE",
                "SET_VRING_ENABLE",
                "SEND_RARP",
                "NET_SET_MTU",
                "SET_PROTOCOL_FEATURES",
                "SET_STATUS",
                "SET_VRING_ADDR",
                "REM_MEM_REG",
                "SET_VRING_ERR",
                "SET_MEM_TABLE",
                "GET_CONFIG",
                "SET_CONFIG",
                "GET_SHARED_OBJECT",
                "VRING_KICK",
                "SET_VRING_ENDIAN",
                "GET_VRING_BASE_SKIP_DRAIN",
                "POSTCOPY_END",
                "CHECK_DEVICE_STATE",
                "GET_SHMEM_CONFIG",
                "IOTLB_MSG",
                "GET_INFLIGHT_FD"
            })
    void shouldRefuseAPayloadOfAnotherSize(RequestCode code) {
        assertTrue(refuse(code, new byte[7], 0).getMessage().contains("a payload of 7 bytes"));
    }

    @ParameterizedTest
    @CsvSource({
        "GET_FEATURES, 0, 1",
        "SET_VRING_NUM, 8, 1",
        "SET_VRING_KICK, 8, 2",
        "SET_BACKEND_REQ_FD, 0, 0",
        "SET_BACKEND_REQ_FD, 0, 2",
        "ADD_MEM_REG, 40, 0",
        "REM_MEM_REG, 40, 2",
        "SET_MEM_TABLE, 8, 1",
    })
    void shouldRefuseAWrongNumberOfDescriptors(RequestCode code, int payload, int fds) {
        assertTrue(refuse(code, new byte[payload], fds).getMessage().contains(fds + " file descriptor"));
    }

    @Test
    void shouldRefuseADescriptorThatThePayloadDenies() {
        assertTrue(refuse(RequestCode.SET_VRING_CALL, Payload.number(0x100), 1)
                .getMessage()
                .contains("payload says none"));
        reader.next();
        assertTrue(refuse(RequestCode.SET_VRING_CALL, Payload.number(0), 0)
                .getMessage()
                .contains("payload says one"));
        reader.next();
        assertTrue(refuse(RequestCode.SET_VRING_KICK, Payload.number(0x200), 0)
                .getMessage()
                .contains("bits 9 to 63"));
    }

    @Test
    void shouldRefuseMoreRegionsThanFitOrThanCame() {
        assertTrue(refuse(
                        RequestCode.SET_MEM_TABLE,
                        new Payload().u32(9).zeros(4 + 9 * 32).toBytes(),
                        0)
                .getMessage()
                .contains("9 regions"));
        reader.next();
        assertTrue(
                refuse(RequestCode.SET_MEM_TABLE, new Payload().u32(-1).zeros(4).toBytes(), 0)
                        .getMessage()
                        .contains("4294967295 regions"));
        reader.next();
        assertTrue(refuse(
                        RequestCode.SET_MEM_TABLE,
                        new Payload().u32(2).zeros(4 + 32).toBytes(),
                        2)
                .getMessage()
                .contains("must have 72"));
    }

    @Test
    void shouldRefuseUnknownFlagsOfARing() {
        byte[] payload = Payload.addresses(0, 2, 0, 0, 0);
        assertTrue(refuse(RequestCode.SET_VRING_ADDR, payload, 0).getMessage().contains("flags=0x2"));
    }

    @Test
    void shouldNumberAllRequestsAsTheSpecification() {
        assertEquals(45, RequestCode.values().length);
        for (RequestCode code : RequestCode.values()) {
            assertEquals(code, RequestCode.of(code.code()));
        }
        assertEquals(9, RequestCode.SET_VRING_ADDR.code());
        assertEquals(24, RequestCode.GET_CONFIG.code());
        assertEquals(34, RequestCode.RESET_DEVICE.code());
        assertEquals(39, RequestCode.SET_STATUS.code());
        assertEquals(45, RequestCode.GET_VRING_BASE_SKIP_DRAIN.code());
    }
}
