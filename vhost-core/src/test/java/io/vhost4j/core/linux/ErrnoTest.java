// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ErrnoTest {
    @Test
    void shouldNameEveryConstantAsDeclared() throws IllegalAccessException {
        int checked = 0;
        for (Field field : Errno.class.getDeclaredFields()) {
            if (Modifier.isPublic(field.getModifiers()) && field.getName().startsWith("E")) {
                assertEquals(field.getName(), Errno.name(field.getInt(null)));
                checked++;
            }
        }
        assertEquals(28, checked);
    }

    @ParameterizedTest
    @CsvSource({
        "1, EPERM", "35, EDEADLK", "40, ELOOP", "42, ENOMSG", "61, ENODATA", "88, ENOTSOCK", "90, EMSGSIZE",
        "116, ESTALE", "122, EDQUOT", "133, EHWPOISON", "0, errno 0", "41, errno 41", "134, errno 134", "-5, errno -5"
    })
    void shouldNameNumbers(int errno, String name) {
        assertEquals(name, Errno.name(errno));
    }

    @Test
    void shouldSayCallValuesNameAndText() {
        NativeException e =
                assertThrows(NativeException.class, () -> FileCalls.open("/no/such/file", FileCalls.O_RDONLY, 0));
        assertEquals("open(/no/such/file): ENOENT (No such file or directory)", e.getMessage());
        assertEquals("open", e.call());
        assertEquals(Errno.ENOENT, e.errno());
    }
}
