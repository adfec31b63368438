// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pins that HotSpot compiles the burst methods on their own, for the reason that {@link Dequeuer#burst} gives. */
class CompiledApartTest {
    /** Default of HotSpot's {@code FreqInlineSize}: bytes of the longest method that is inlined where it is called often. */
    private static final int LONGEST_INLINED = 325;

    private static final Pattern INSTRUCTION = Pattern.compile("(?m)^ +(\\d+): [a-z]");

    @ParameterizedTest
    @ValueSource(classes = {Dequeuer.class, Enqueuer.class})
    void shouldBeTooLongToBeInlined(Class<?> type) throws URISyntaxException {
        int bytes = bytesBeforeTheLastInstruction(type, " burst(");
        assertTrue(bytes > LONGEST_INLINED, type + ": " + bytes + " bytes");
    }

    private static int bytesBeforeTheLastInstruction(Class<?> type, String method) throws URISyntaxException {
        Path file = Path.of(type.getResource(type.getSimpleName() + ".class").toURI());
        StringWriter listing = new StringWriter();
        PrintWriter out = new PrintWriter(listing);
        ToolProvider javap = ToolProvider.findFirst("javap").orElseThrow();
        assertEquals(0, javap.run(out, out, "-p", "-c", file.toString()), listing::toString);
        String text = listing.toString();
        int from = text.indexOf(method);
        assertTrue(from >= 0, text);
        int last = -1;
        Matcher instruction = INSTRUCTION.matcher(text.substring(from).split("\\R\\R", 2)[0]);
        while (instruction.find()) {
            last = Integer.parseInt(instruction.group(1));
        }
        return last;
    }
}
