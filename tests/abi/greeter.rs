// SPDX-License-Identifier: Apache-2.0
// A plugin in Rust without a single crate: proof that the contract is C and nothing else. It greets every booking and
// counts in kv how many there were. The declarations below are all that it uses of bellhop/plugin.h.
#![allow(non_camel_case_types)]
use std::ffi::{c_char, c_void};

#[repr(C)]
#[derive(Clone, Copy)]
struct bhp_str {
    ptr: *const c_char,
    size: usize,
}

#[repr(C)]
struct bhp_reply {
    struct_size: u32,
    verdict: i32,
    retry_after_ms: i64,
    message: *mut c_char,
    message_size: usize,
}

#[repr(C)]
struct bhp_event {
    struct_size: u32,
    flags: u32,
    id: bhp_str,
    type_: bhp_str,
    subject: bhp_str,
    occurred_ms: i64,
    received_ms: i64,
    budget_ms: i64,
    seq: u64,
    attempt: u32,
    attempts_max: u32,
    json: bhp_str,
    body: bhp_str,
    root: *const c_void,
}

#[repr(C)]
struct bhp_host {
    struct_size: u32,
    abi_major: u16,
    abi_minor: u16,
    name: *const c_char,
    version: *const c_char,
    instance: *const c_char,
    state_dir: *const c_char,
    worker: u32,
    reserved0: u32,
    opaque: *mut c_void,
    log: extern "C" fn(*const bhp_host, i32, *const c_char, usize),
    now_ms: extern "C" fn(*const bhp_host) -> i64,
    stopping: extern "C" fn(*const bhp_host) -> i32,
    service: extern "C" fn(*const bhp_host, *const c_char) -> *const c_void,
}

#[repr(C)]
struct bhp_json_v1 {
    find: extern "C" fn(*const c_void, *const c_char, usize) -> *const c_void,
    type_: extern "C" fn(*const c_void) -> i32,
    text: extern "C" fn(*const c_void, *mut usize) -> *const c_char,
}

#[repr(C)]
struct bhp_kv_v1 {
    get: extern "C" fn(*const bhp_host, *const c_char, usize, *mut *const bhp_str) -> i32,
    release: extern "C" fn(*const bhp_host, *const bhp_str),
    put: extern "C" fn(*const bhp_host, *const c_char, usize, *const c_char, usize, u32) -> i32,
}

type Create = extern "C" fn(
    *const bhp_plugin,
    *const bhp_host,
    *const c_char,
    usize,
    *mut bhp_reply,
    *mut *mut c_void,
) -> i32;
type Start = extern "C" fn(*mut c_void, *mut bhp_reply) -> i32;
type Deliver = extern "C" fn(*mut c_void, *const bhp_event, *mut bhp_reply) -> i32;
type End = extern "C" fn(*mut c_void);
type Extension = extern "C" fn(*const bhp_plugin, *const c_char) -> *const c_void;

#[repr(C)]
pub struct bhp_plugin {
    struct_size: u32,
    abi_major: u16,
    abi_minor: u16,
    flags: u64,
    id: *const c_char,
    name: *const c_char,
    version: *const c_char,
    summary: *const c_char,
    vendor: *const c_char,
    license: *const c_char,
    url: *const c_char,
    sdk: *const c_char,
    settings_schema: *const c_char,
    events: *const *const c_char,
    needs: *const *const c_char,
    wants: *const *const c_char,
    create: Option<Create>,
    start: Option<Start>,
    deliver: Option<Deliver>,
    stop: Option<End>,
    destroy: Option<End>,
    extension: Option<Extension>,
}
struct Table<T>(T);
unsafe impl<T> Sync for Table<T> {}

const OK: i32 = 0;
const RETRY: i32 = 2;
const E_NOT_FOUND: i32 = -2;

macro_rules! c {
    ($text:expr) => {
        concat!($text, "\0").as_ptr() as *const c_char
    };
}

struct Greeter {
    host: *const bhp_host,
    json: &'static bhp_json_v1,
    kv: &'static bhp_kv_v1,
}

impl Greeter {
    fn text_at(&self, root: *const c_void, pointer: &str) -> String {
        let mut size = 0usize;
        let node = (self.json.find)(root, pointer.as_ptr() as *const c_char, pointer.len());
        let text = (self.json.text)(node, &mut size);
        let bytes = unsafe { std::slice::from_raw_parts(text as *const u8, size) };
        String::from_utf8_lossy(bytes).into_owned()
    }
    fn count(&self) -> Result<u64, i32> {
        let mut lent: *const bhp_str = std::ptr::null();
        let error = (self.kv.get)(self.host, c!("count"), 5, &mut lent);
        if error == E_NOT_FOUND {
            return Ok(0);
        }
        if error != 0 {
            return Err(error);
        }
        let bytes = unsafe { std::slice::from_raw_parts((*lent).ptr as *const u8, (*lent).size) };
        let count = String::from_utf8_lossy(bytes).parse().unwrap_or(0);
        (self.kv.release)(self.host, lent);
        Ok(count)
    }
    fn greet(&self, event: &bhp_event) -> Result<String, i32> {
        let email = self.text_at(event.root, "/data/booking/attendee/email");
        let line = format!("hello {}", email);
        unsafe { ((*self.host).log)(self.host, 1, line.as_ptr() as *const c_char, line.len()) };
        let count = (self.count()? + 1).to_string();
        let error = (self.kv.put)(self.host, c!("count"), 5, count.as_ptr() as *const c_char, count.len(), 0);
        if error != 0 {
            return Err(error);
        }
        Ok(format!("greeted {} so far", count))
    }
}

fn say(reply: *mut bhp_reply, text: &str) {
    unsafe {
        let size = text.len().min((*reply).message_size - 1);
        std::ptr::copy_nonoverlapping(text.as_ptr() as *const c_char, (*reply).message, size);
        *(*reply).message.add(size) = 0;
    }
}

extern "C" fn create(
    _: *const bhp_plugin,
    host: *const bhp_host,
    _: *const c_char,
    _: usize,
    _: *mut bhp_reply,
    instance: *mut *mut c_void,
) -> i32 {
    unsafe {
        let json = ((*host).service)(host, c!("bellhop.json/1")) as *const bhp_json_v1;
        let kv = ((*host).service)(host, c!("bellhop.kv/1")) as *const bhp_kv_v1;
        *instance = Box::into_raw(Box::new(Greeter { host, json: &*json, kv: &*kv })) as *mut c_void;
    }
    OK
}

extern "C" fn deliver(instance: *mut c_void, event: *const bhp_event, reply: *mut bhp_reply) -> i32 {
    let greeter = unsafe { &*(instance as *const Greeter) };
    match greeter.greet(unsafe { &*event }) {
        Ok(sentence) => {
            say(reply, &sentence);
            OK
        }
        Err(error) => {
            say(reply, &format!("kv failed ({})", error));
            RETRY
        }
    }
}

extern "C" fn destroy(instance: *mut c_void) {
    drop(unsafe { Box::from_raw(instance as *mut Greeter) });
}

static NEEDS: Table<[*const c_char; 3]> =
    Table([c!("bellhop.json/1"), c!("bellhop.kv/1"), std::ptr::null()]);
static PLUGIN: Table<bhp_plugin> = Table(bhp_plugin {
    struct_size: std::mem::size_of::<bhp_plugin>() as u32,
    abi_major: 1,
    abi_minor: 0,
    flags: 0,
    id: c!("greeter-rust"),
    name: c!("Greeter in Rust"),
    version: c!("1.0.0"),
    summary: c!("Greets every booking and counts"),
    vendor: c!(""),
    license: c!("Apache-2.0"),
    url: c!(""),
    sdk: c!("rust"),
    settings_schema: std::ptr::null(),
    events: std::ptr::null(),
    needs: &NEEDS.0 as *const [*const c_char; 3] as *const *const c_char,
    wants: std::ptr::null(),
    create: Some(create),
    start: None,
    deliver: Some(deliver),
    stop: None,
    destroy: Some(destroy),
    extension: None,
});

#[no_mangle]
pub extern "C" fn bellhop_plugin_v1(index: u32) -> *const bhp_plugin {
    if index == 0 {
        &PLUGIN.0
    } else {
        std::ptr::null()
    }
}
